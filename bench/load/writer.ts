// Writes lines to standard output when they are due, whether or not those before have been read: node bench/load/writer.js RATE SECONDS START_US
//   Nothing is left out: what could not be written in time is written late, and its time stays that of the schedule.
import { writeSync } from "node:fs";
import { lineAt, linesOf, monotonicUs, scheduleOf } from "./schedule.ts";

const schedule = scheduleOf(process.argv.slice(2));
const { rate, startUs } = schedule;
const total = linesOf(schedule);
const mostLines = 512;
/** Short, so that lines leave within a fraction of a millisecond. */
const napMs = 0.05;
const nobody = new Int32Array(new SharedArrayBuffer(4));

for (let next = 0; next < total; ) {
  const due = Math.min(total, next + mostLines, Math.floor(((monotonicUs() - startUs) * rate) / 1e6) + 1);
  if (due <= next) {
    Atomics.wait(nobody, 0, 0, napMs);
    continue;
  }
  let text = "";
  for (; next < due; next++) text += lineAt(next, rate);
  writeAll(Buffer.from(text, "latin1"));
}

function writeAll(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (thrown) {
      // The pipe is full, and does not block.
      if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
      Atomics.wait(nobody, 0, 0, napMs);
    }
  }
}
