// The limit of the machine: a job in C, one thread. It scans keys in any order and trusts its input: no UTF-8, escape or syntax check; tables are
// sized for this data. Windows tumble over bids that are out of order by less than a window; the other jobs want them in order.
//   cc -O3 -march=native -o job job.c && ./job stateless|tumbling|channel|sliding|session INPUT OUTPUT
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { int64_t auction, bidder, price, time; const char *channel; int channelLength; } Bid;

// ---- output

enum { OUT = 1 << 20, ROOM = 1024 };
static char out[OUT + ROOM];
static size_t outLength;
static int outFile;

static void flushOut(void) {
  for (size_t at = 0; at < outLength;) {
    ssize_t n = write(outFile, out + at, outLength - at);
    if (n <= 0) exit(3);
    at += n;
  }
  outLength = 0;
}
static inline void put(const char *text, size_t length) { memcpy(out + outLength, text, length); outLength += length; }
#define PUT(text) put(text, sizeof(text) - 1)
static inline void putInt(int64_t value) {
  char digits[24];
  int at = 24;
  do { digits[--at] = '0' + value % 10; value /= 10; } while (value);
  put(digits + at, 24 - at);
}
static inline void endLine(void) { PUT("}\n"); if (outLength > OUT - ROOM) flushOut(); }

// ---- stateless

static inline void onStateless(const Bid *bid) {
  if (bid->price < 10000) return;
  PUT("{\"auction\":"); putInt(bid->auction);
  PUT(",\"price\":"); putInt(bid->price * 2);
  PUT(",\"channel\":\""); put(bid->channel, bid->channelLength);
  PUT("\",\"dateTime\":"); putInt(bid->time);
  endLine();
}

// ---- tables of one window or pane, by key

enum { CAPACITY = 1 << 16, TEXT = 24 };
typedef struct {
  int64_t start;
  int used[CAPACITY], size;
  int32_t key[CAPACITY];
  char text[CAPACITY][TEXT];
  int64_t count[CAPACITY], sum[CAPACITY];
} Table;

static Table *newTable(void) {
  Table *table = calloc(1, sizeof *table);
  table->start = -1;
  memset(table->key, 255, sizeof table->key);
  return table;
}
static inline uint32_t hashOf(uint32_t key) { uint32_t h = key * 0x9E3779B1u; return (h ^ (h >> 15)) & (CAPACITY - 1); }
static inline uint32_t slotOf(Table *t, int32_t key) {
  uint32_t h = hashOf(key);
  while (t->key[h] != key) {
    if (t->key[h] == -1) { t->key[h] = key; t->used[t->size++] = h; break; }
    h = (h + 1) & (CAPACITY - 1);
  }
  return h;
}
static inline uint32_t slotOfText(Table *t, const char *text, int length) {
  uint32_t h = 2166136261u;
  for (int i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 16777619u;
  for (h = hashOf(h);; h = (h + 1) & (CAPACITY - 1)) {
    if (t->key[h] == -1) { t->key[h] = length; memcpy(t->text[h], text, length); t->used[t->size++] = h; return h; }
    if (t->key[h] == length && memcmp(t->text[h], text, length) == 0) return h;
  }
}
static void clearTable(Table *t) {
  for (int i = 0; i < t->size; i++) { int h = t->used[i]; t->key[h] = -1; t->count[h] = t->sum[h] = 0; }
  t->size = 0;
}

// ---- tumbling, by auction or channel: two windows can be open

static Table *windows[2];
static void fireWindow(Table *t, int byText) {
  for (int i = 0; i < t->size; i++) {
    int h = t->used[i];
    if (byText) { PUT("{\"channel\":\""); put(t->text[h], t->key[h]); PUT("\""); }
    else { PUT("{\"auction\":"); putInt(t->key[h]); }
    PUT(",\"windowStart\":"); putInt(t->start);
    PUT(",\"count\":"); putInt(t->count[h]);
    PUT(",\"sum\":"); putInt(t->sum[h]);
    endLine();
  }
  clearTable(t);
}
static inline void onTumbling(const Bid *bid, int byText) {
  if (bid->price < 10000) return;
  int64_t number = bid->time / 10000;
  Table *t = windows[number & 1];
  if (t->start != number * 10000) { fireWindow(t, byText); t->start = number * 10000; }
  uint32_t h = byText ? slotOfText(t, bid->channel, bid->channelLength) : slotOf(t, bid->auction);
  t->count[h]++;
  t->sum[h] += bid->price;
}

// ---- sliding: a pane of 2 s is added when it ends and subtracted four panes later

enum { PANES = 5, PANE_MS = 2000 };
static Table *pane, *total;
static int32_t paneKey[PANES][CAPACITY];
static int64_t paneCount[PANES][CAPACITY];
static int paneSize[PANES];
static void endPane(int64_t start) {
  int p = (start / PANE_MS) % PANES;
  for (int i = 0; i < paneSize[p]; i++) total->count[slotOf(total, paneKey[p][i])] -= paneCount[p][i];
  paneSize[p] = pane->size;
  for (int i = 0; i < pane->size; i++) {
    int h = pane->used[i];
    paneKey[p][i] = pane->key[h];
    paneCount[p][i] = pane->count[h];
    total->count[slotOf(total, pane->key[h])] += pane->count[h];
  }
  clearTable(pane);
  // Made anew from what is left, so that dead keys do not pile up.
  static int32_t liveKey[CAPACITY];
  static int64_t liveCount[CAPACITY];
  int live = 0;
  for (int i = 0; i < total->size; i++) {
    int h = total->used[i];
    if (total->count[h] == 0) continue;
    liveKey[live] = total->key[h];
    liveCount[live++] = total->count[h];
    PUT("{\"auction\":"); putInt(total->key[h]);
    PUT(",\"windowStart\":"); putInt(start - (PANES - 1) * PANE_MS);
    PUT(",\"count\":"); putInt(total->count[h]);
    endLine();
  }
  clearTable(total);
  for (int i = 0; i < live; i++) total->count[slotOf(total, liveKey[i])] = liveCount[i];
}
static inline void onSliding(const Bid *bid) {
  int64_t start = bid->time - bid->time % PANE_MS;
  if (start != pane->start) {
    if (pane->start != -1) for (int64_t at = pane->start; at < start; at += PANE_MS) endPane(at);
    pane->start = start;
  }
  pane->count[slotOf(pane, bid->auction)]++;
}

// ---- sessions, by bidder

enum { SESSIONS = 1 << 21 };
typedef struct { int32_t bidder; int64_t start, end, count; } Session;
static Session *sessions;
static void endSession(const Session *s) {
  PUT("{\"bidder\":"); putInt(s->bidder);
  PUT(",\"start\":"); putInt(s->start);
  PUT(",\"end\":"); putInt(s->end);
  PUT(",\"count\":"); putInt(s->count);
  endLine();
}
static inline void onSession(const Bid *bid) {
  uint32_t h = (uint32_t)bid->bidder * 0x9E3779B1u;
  for (h = (h ^ (h >> 15)) & (SESSIONS - 1); sessions[h].count != 0 && sessions[h].bidder != bid->bidder;) h = (h + 1) & (SESSIONS - 1);
  Session *s = &sessions[h];
  if (s->count != 0 && bid->time - s->end > 10000) { endSession(s); s->count = 0; }
  if (s->count == 0) { s->bidder = bid->bidder; s->start = bid->time; }
  s->end = bid->time;
  s->count++;
}

// ---- input

static inline char *readBid(char *at, Bid *bid) {
  for (at++;;) {
    char *key = ++at;
    while (*at != '"') at++;
    int length = at - key;
    at += 2;
    if (*at == '"') {
      char *text = ++at;
      // In this order: twice as fast as with the quote first.
      for (;;) {
        char c = *at++;
        if (c == '\\') { at++; continue; }
        if (c == '"') break;
      }
      if (length == 7 && key[0] == 'c') { bid->channel = text; bid->channelLength = at - 1 - text; }
    } else {
      int64_t value = 0;
      while (*at >= '0' && *at <= '9') value = value * 10 + *at++ - '0';
      if (length == 7 && key[0] == 'a') bid->auction = value;
      else if (length == 6) bid->bidder = value;
      else if (length == 5 && key[0] == 'p') bid->price = value;
      else if (length == 8 && key[0] == 'd') bid->time = value;
    }
    if (*at++ == '}') return at + 1;
  }
}

enum Job { STATELESS, TUMBLING, CHANNEL, SLIDING, SESSION, UNKNOWN };
static enum Job jobOf(const char *name) {
  static const char *names[] = {"stateless", "tumbling", "channel", "sliding", "session"};
  int job = 0;
  while (job < UNKNOWN && strcmp(names[job], name) != 0) job++;
  return job;
}
static void finish(enum Job job) {
  if (job == TUMBLING || job == CHANNEL) for (int i = 0; i < 2; i++) fireWindow(windows[i], job == CHANNEL);
  if (job == SLIDING && pane->start != -1) for (int i = 0; i < PANES; i++) endPane(pane->start + PANE_MS * i);
  if (job == SESSION) for (int i = 0; i < SESSIONS; i++) if (sessions[i].count != 0) endSession(&sessions[i]);
  flushOut();
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  enum Job job = jobOf(arguments[1]);
  int file = open(arguments[2], O_RDONLY);
  outFile = open(arguments[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (job == UNKNOWN || file < 0 || outFile < 0) return 2;
  if (job == TUMBLING || job == CHANNEL) for (int i = 0; i < 2; i++) windows[i] = newTable();
  if (job == SLIDING) { pane = newTable(); total = newTable(); }
  if (job == SESSION) sessions = calloc(SESSIONS, sizeof *sessions);
  size_t chunk = 1 << 20, rest = 0;
  char *buffer = malloc(2 * chunk);
  for (ssize_t n; (n = read(file, buffer + rest, chunk)) > 0;) {
    char *end = buffer + rest + n, *whole = memrchr(buffer, '\n', end - buffer);
    whole = whole == NULL ? buffer : whole + 1;
    for (char *at = buffer; at < whole;) {
      Bid bid = {0};
      at = readBid(at, &bid);
      switch (job) {
        case STATELESS: onStateless(&bid); break;
        case TUMBLING: onTumbling(&bid, 0); break;
        case CHANNEL: onTumbling(&bid, 1); break;
        case SLIDING: onSliding(&bid); break;
        default: onSession(&bid);
      }
    }
    rest = end - whole;
    memmove(buffer, whole, rest);
  }
  finish(job);
  return 0;
}
