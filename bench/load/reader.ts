// Reads the lines of a job and takes the time between when each was due and now: node bench/load/reader.js WARM_UP_SECONDS raw|counted RATE SECONDS START_US REPORT
//   Lines are those of the schedule: `raw` as they were written, `counted` as the job makes them of those that it keeps, with a running count for each key.
//   I1. Every line that is expected is there, once and in order: else the report says that it is wrong.
import { readSync, writeFileSync } from "node:fs";
import { Histogram } from "./histogram.ts";
import { dueUs, isKept, keyAt, linesOf, monotonicUs, scheduleOf } from "./schedule.ts";

const [warmUpSeconds, form, ...rest] = process.argv.slice(2);
const schedule = scheduleOf(rest);
const { rate, startUs } = schedule;
const total = linesOf(schedule);
const warmUpUs = Number(warmUpSeconds) * 1e6;
const chunk = Buffer.alloc(1 << 20);
const histogram = new Histogram();
const counts = new Map<number, number>();
/** The next line of the schedule. */
let index = 0;
let wrong: string | undefined;
let before = "";

for (;;) {
  const length = read();
  if (length === 0) break;
  const nowUs = monotonicUs() - startUs;
  const text = before + chunk.toString("latin1", 0, length);
  const lines = text.split("\n");
  before = lines.pop() ?? "";
  for (const line of lines) take(line, nowUs);
}
while (form === "counted" && index < total && !isKept(index)) index++;
if (index < total) wrong ??= `it ends at line ${index} of ${total}`;
const ms = (us: number): number => us / 1_000;
writeFileSync(rest[3] ?? "", JSON.stringify({
  p50Ms: ms(histogram.quantile(0.5)), p99Ms: ms(histogram.quantile(0.99)), p999Ms: ms(histogram.quantile(0.999)), maxMs: ms(histogram.max), lines: histogram.count, wrong,
}));

function read(): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw thrown;
    }
  }
}

function take(line: string, nowUs: number): void {
  while (form === "counted" && index < total && !isKept(index)) index++;
  const sentUs = dueUs(index, rate);
  const key = keyAt(index);
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  const isRight = form === "raw" ? line.startsWith(`{"key":${key},`) && line.includes(`"sent":${sentUs},`) : line === `{"key":${key},"count":${count},"sent":${sentUs}}`;
  if (!isRight) wrong ??= `line ${index} is ${line}`;
  index++;
  if (sentUs >= warmUpUs) histogram.add(nowUs - sentUs);
}
