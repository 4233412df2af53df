// Lines with a number for a key: as many keys as are asked for, each once, then all of them over and over, then lines that let time pass.
import { randomOf } from "./random.ts";

/** What lines are made from. Equal options give equal bytes. */
export interface KeyedOptions {
  readonly keys: number;
  /** Lines whose times lie within the first day; at least as many as keys. */
  readonly records: number;
  /** Lines behind them, each {@link tailStepMs} later than the one before. @defaultValue 0 */
  readonly tail?: number;
}

/** Event time of the first line: 2015-07-15T00:00:00Z. */
export const keyedStartMs = 1_436_918_400_000;
export const dayMs = 86_400_000;
/** By so much does time go on with each line of the tail. */
export const tailStepMs = 100;
const chunkBytes = 1 << 20;
/** No multiple of it is a number of keys that anybody asks for, so that its multiples visit every key. */
const stride = 1_000_003;

/**
 * Lines of NDJSON, in chunks: `{"key":…,"value":…,"dateTime":…}`. The time of a key is the same in every line of the first day: its share of it. So windows of a
 * day hold all keys, as do shorter ones as long as a day of disorder is waited for.
 */
export function* keyedLines({ keys, records, tail = 0 }: KeyedOptions): Generator<Buffer> {
  const random = randomOf(1);
  let text = "";
  for (let i = 0; i < records + tail; i++) {
    const key = i < keys ? (i * stride) % keys : Math.floor(random() * keys);
    const timeMs = i < records ? keyedStartMs + Math.floor((key * (dayMs - 1)) / keys) : keyedStartMs + dayMs + (i - records) * tailStepMs;
    text += `{"key":${key},"value":${i % 100},"dateTime":${timeMs}}\n`;
    if (text.length < chunkBytes) continue;
    yield Buffer.from(text, "latin1");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "latin1");
}
