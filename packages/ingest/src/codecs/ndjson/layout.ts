// Learns how the records of a stream are written: which bytes never change, and where the values are between them.

/** What a value has been seen as; bits, since a field may be seen as several. `escaped` comes with `string`: it is often written with escapes. */
export const Kind = { string: 1, integer: 2, number: 4, literal: 8, nested: 16, escaped: 32 } as const;

/** A value of a layout. */
export interface Leaf {
  readonly path: readonly string[];
  /** Bytes between the value before (or the record's start) and this one, as latin1. */
  readonly gap: string;
  /** Bits of {@link Kind}. */
  readonly kinds: number;
}

/** A way in which records are written: gap, value, gap, value … tail. */
export interface Layout {
  readonly leaves: readonly Leaf[];
  /** Bytes after the last value, up to the newline, as latin1. */
  readonly tail: string;
}

/** A layout that a scanner should know. */
export interface ChosenLayout extends Layout {
  /** Of 1: how many records have it, as far as is known. */
  readonly share: number;
}

/** Whether an object at this path is taken apart; otherwise it is one value. */
export type TakeApart = (path: readonly string[]) => boolean;

const maxLeaves = 200;
const maxDepth = 8;

/** The layout of one record, which must be valid JSON; undefined where it has none worth a scanner (not an object, doubled names, too wide). */
export function layoutOf(record: Buffer, takeApart: TakeApart): Layout | undefined {
  const reader = new LayoutReader(record.toString("latin1"), takeApart);
  return reader.read() && reader.leaves.length > 0 ? { leaves: reader.leaves, tail: reader.tail } : undefined;
}

class LayoutReader {
  readonly leaves: Leaf[] = [];
  readonly #text: string;
  readonly #takeApart: TakeApart;
  #at = 0;
  #gapStart = 0;

  constructor(text: string, takeApart: TakeApart) {
    this.#text = text;
    this.#takeApart = takeApart;
  }

  get tail(): string {
    return this.#text.slice(this.#gapStart);
  }

  read(): boolean {
    this.#space();
    return this.#text[this.#at] === "{" && this.#object([]);
  }

  #object(path: readonly string[]): boolean {
    const names = new Set<string>();
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === "}") break;
      const name = this.#name();
      if (names.has(name) || this.leaves.length === maxLeaves) return false;
      names.add(name);
      this.#space();
      this.#at++;
      this.#space();
      if (!this.#value([...path, name])) return false;
      this.#space();
      if (this.#text[this.#at] === ",") this.#at++;
    }
    this.#at++;
    return true;
  }

  #name(): string {
    const start = this.#at;
    this.#skipString();
    return JSON.parse(Buffer.from(this.#text.slice(start, this.#at), "latin1").toString("utf8")) as string;
  }

  #value(path: readonly string[]): boolean {
    if (this.#text[this.#at] === "{" && path.length < maxDepth && !this.#isEmptyObject() && this.#takeApart(path)) return this.#object(path);
    const gap = this.#text.slice(this.#gapStart, this.#at);
    this.leaves.push({ path, gap, kinds: this.#skipValue() });
    this.#gapStart = this.#at;
    return true;
  }

  #isEmptyObject(): boolean {
    let i = this.#at + 1;
    while (isSpace(this.#text.charCodeAt(i))) i++;
    return this.#text[i] === "}";
  }

  #skipValue(): number {
    const first = this.#text[this.#at];
    if (first === '"') return this.#skipString() ? Kind.string | Kind.escaped : Kind.string;
    if (first === "{" || first === "[") {
      this.#skipNested();
      return Kind.nested;
    }
    const start = this.#at;
    while (this.#at < this.#text.length && !endsScalar(this.#text.charCodeAt(this.#at))) this.#at++;
    const text = this.#text.slice(start, this.#at);
    if (/^[tfn]/.test(text)) return Kind.literal;
    return /^\d{1,15}$/.test(text) ? Kind.integer : Kind.number;
  }

  #skipNested(): void {
    let depth = 0;
    do {
      const c = this.#text[this.#at];
      if (c === '"') {
        this.#skipString();
        continue;
      }
      if (c === "{" || c === "[") depth++;
      else if (c === "}" || c === "]") depth--;
      this.#at++;
    } while (depth > 0);
  }

  /** Answers whether there are escapes in it. */
  #skipString(): boolean {
    const start = ++this.#at;
    let read = 0;
    for (; this.#text[this.#at] !== '"'; read++) this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    return this.#at++ - start > read;
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

function gapBytes({ leaves, tail }: Layout): number {
  return leaves.reduce((sum, leaf) => sum + leaf.gap.length, tail.length);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function endsScalar(code: number): boolean {
  return isSpace(code) || code === 0x2c || code === 0x7d || code === 0x5d;
}

const maxCandidates = 64;
/** Each costs a record of another one comparison or a few; together they are bounded by their leaves, so that the scanner stays small enough to be optimised. */
const maxLayouts = 16;
const maxTotalLeaves = 240;
/** Bytes between values, which the scanner compares one by one: of one layout, and of all together. */
const maxGapBytes = 8_192;
const maxTotalGapBytes = 16_384;
/** Of the records seen, a layout has at least one of so many, and at least so many: a stream without layouts has no scanner. */
const leastShare = 200;
const leastSeen = 3;

interface Candidate {
  readonly id: number;
  readonly gaps: readonly string[];
  readonly paths: readonly (readonly string[])[];
  readonly tail: string;
  readonly kinds: number[];
  /** How many records had escapes in this value. */
  readonly escapes: number[];
  /** How many records were looked at, or taken by the scanner. */
  seen: number;
  /** How many there were: those looked at stand for those between them. Older ones count less. */
  count: number;
}

/** So many misses in a row are all looked at; behind them one of {@link sampleEvery}, on average. */
const lookedAt = 64;
const sampleEvery = 16;
/** Longer records are not looked at: what is learnt of a record is kept, and may be as long as the record. */
const maxLearntBytes = 65_536;
/** A value is taken for one with escapes where at least one of so many has them. */
const oftenEscaped = 16;
const firstPatience = 16;
const maxPatience = 1 << 20;
/** After so many records that the scanner took, it may change its mind as soon as at first. */
const calmRecords = 100_000;

/**
 * Chooses the layouts that a scanner should know, from the records that the present one did not take.
 *
 * Learning costs a little of what a missed record costs anyway, and a bounded amount of memory; after each change of mind the next needs twice as
 * many misses, so that a stream without layouts soon costs nothing, unless the scanner has been of use for long.
 */
export class LayoutLearner {
  readonly #takeApart: TakeApart;
  readonly #candidates = new Map<string, Candidate>();
  #active: readonly Candidate[] = [];
  #misses = 0;
  #patience = firstPatience;
  #stale = false;
  /** What the last choice was. */
  #choice = "";
  #nextId = 0;
  /** Misses until the next one is looked at; and how many it then stands for. */
  #until = 1;
  #weight = 1;
  #draw = 1;
  /** Records of any layout; older ones count less. */
  #total = 0;
  /** Records taken since the last change of mind. */
  #taken = 0;

  constructor(takeApart: TakeApart) {
    this.#takeApart = takeApart;
  }

  /** Looks at a record (valid JSON) that was not scanned. */
  observe(record: Buffer): void {
    this.#misses++;
    if (--this.#until > 0) return;
    const weight = this.#weight;
    this.#until = this.#misses < lookedAt ? 1 : this.#step();
    this.#weight = this.#until;
    if (record.length > maxLearntBytes) return;
    const layout = layoutOf(record, this.#takeApart);
    this.#total += weight;
    if (layout !== undefined && gapBytes(layout) <= maxGapBytes) this.#add(layout, weight);
  }

  /** Uneven steps: even ones might meet the same of several layouts that take turns. */
  #step(): number {
    this.#draw = (Math.imul(this.#draw, 1_103_515_245) + 12_345) & 0x7fffffff;
    return 1 + ((this.#draw >>> 16) % (2 * sampleEvery - 1));
  }

  #add(layout: Layout, weight: number): void {
    const key = JSON.stringify([layout.leaves.map((leaf) => leaf.gap), layout.tail]);
    let candidate = this.#candidates.get(key);
    if (candidate === undefined) {
      if (this.#candidates.size >= maxCandidates) this.#forget();
      candidate = { id: this.#nextId++, gaps: layout.leaves.map((leaf) => leaf.gap), paths: layout.leaves.map((leaf) => leaf.path), tail: layout.tail, kinds: layout.leaves.map(() => 0), escapes: layout.leaves.map(() => 0), seen: 0, count: 0 };
      this.#candidates.set(key, candidate);
    }
    candidate.seen++;
    candidate.count += weight;
    this.#stale ||= !this.#active.includes(candidate);
    for (const [i, leaf] of layout.leaves.entries()) {
      const known = candidate.kinds[i] ?? 0;
      const seen = known | this.#kindsOf(candidate, i, { kinds: leaf.kinds, weight });
      if (seen === known) continue;
      candidate.kinds[i] = seen;
      this.#stale = true;
    }
  }

  /** What a value is seen as. A string that has escapes now and then leaves its record to the slow path: the scanner is made for those without. */
  #kindsOf(candidate: Candidate, leaf: number, { kinds, weight }: { readonly kinds: number; readonly weight: number }): number {
    if ((kinds & Kind.escaped) === 0) return kinds;
    const escapes = (candidate.escapes[leaf] ?? 0) + weight;
    candidate.escapes[leaf] = escapes;
    return escapes * oftenEscaped > candidate.count ? kinds : kinds & ~Kind.escaped;
  }

  /** Keeps the commoner half. */
  #forget(): void {
    const byCount = [...this.#candidates].sort(([, a], [, b]) => b.count - a.count);
    for (const [key, candidate] of byCount.slice(maxCandidates / 2)) if (!this.#active.includes(candidate)) this.#candidates.delete(key);
  }

  /** Tells how many records each layout of the last choice took. */
  credit(hits: readonly number[]): void {
    this.#active.forEach((candidate, i) => {
      candidate.count += hits[i] ?? 0;
      this.#taken += hits[i] ?? 0;
      this.#total += hits[i] ?? 0;
    });
    if (this.#taken >= calmRecords) this.#patience = firstPatience;
  }

  /** A better choice of layouts, commonest first, where enough was seen to make one, and it is another than the last. */
  choose(): readonly ChosenLayout[] | undefined {
    if (!this.#stale || this.#misses < this.#patience) return undefined;
    const chosen = this.#commonest();
    this.#misses = 0;
    this.#until = 1;
    this.#weight = 1;
    this.#taken = 0;
    this.#patience = Math.min(this.#patience * 2, maxPatience);
    this.#stale = false;
    const choice = chosen.map((candidate) => `${candidate.id}:${candidate.kinds.join()}`).sort().join("|");
    if (choice === this.#choice) return undefined;
    this.#choice = choice;
    this.#active = chosen;
    const all = chosen.reduce((sum, { count }) => sum + count, 0);
    return chosen.map((candidate) => ({
      share: candidate.count / all,
      leaves: candidate.gaps.map((gap, i) => ({ gap, path: candidate.paths[i] ?? [], kinds: candidate.kinds[i] ?? 0 })),
      tail: candidate.tail,
    }));
  }

  #commonest(): readonly Candidate[] {
    const ranked = [...this.#candidates.values()].sort((a, b) => b.count - a.count);
    const room = { leaves: maxTotalLeaves, bytes: maxTotalGapBytes };
    const chosen = ranked.slice(0, maxLayouts).filter((candidate, i) => {
      room.leaves -= candidate.gaps.length;
      room.bytes -= candidate.gaps.reduce((sum, gap) => sum + gap.length, 0);
      const isCommon = candidate.seen >= leastSeen && candidate.count * leastShare >= this.#total;
      return isCommon && (i === 0 || (room.leaves >= 0 && room.bytes >= 0));
    });
    this.#total /= 2;
    for (const candidate of ranked) {
      candidate.count = Math.ceil(candidate.count / 2);
      candidate.escapes.forEach((count, i) => (candidate.escapes[i] = count / 2));
    }
    return chosen;
  }
}
