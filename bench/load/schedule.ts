// When which line is due: the same for who writes and who reads.

/** Lines at a rate. */
export interface Schedule {
  /** Lines a second. */
  readonly rate: number;
  /** Of all lines, those first ones included that are not counted. */
  readonly seconds: number;
  /** When the first line is due, by {@link monotonicUs}. */
  readonly startUs: number;
}

const keys = 1_024;
/** One line in so many is not kept. */
const droppedEvery = 10;
const extra = "#".repeat(64);

/** Microseconds on a clock that all processes of the machine share. */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** How many lines there are. */
export const linesOf = ({ rate, seconds }: Schedule): number => Math.floor(rate * seconds);

/** When a line is due, in whole microseconds from the start. */
export const dueUs = (index: number, rate: number): number => Math.floor((index * 1e6) / rate);

/** Whether the job keeps a line. */
export const isKept = (index: number): boolean => index % droppedEvery !== 0;

/** The key of a line. */
export const keyAt = (index: number): number => (Math.imul(index, 0x9e3779b1) >>> 16) & (keys - 1);

/** A line; the job keeps those with a value above 0. */
export function lineAt(index: number, rate: number): string {
  return `{"key":${keyAt(index)},"value":${index % droppedEvery},"sent":${dueUs(index, rate)},"extra":"${extra}"}\n`;
}

/** A schedule from the arguments of a program: RATE SECONDS START_US. */
export function scheduleOf([rate, seconds, startUs]: readonly string[]): Schedule {
  return { rate: Number(rate), seconds: Number(seconds), startUs: Number(startUs) };
}
