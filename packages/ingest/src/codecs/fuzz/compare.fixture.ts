// Compares what a decoder made of a stream with what the stream means.
import { StreamFlowError } from "@streamflow/core";
import { describeValue } from "./describe-value.fixture.ts";
import { decodeCase } from "./decode-case.fixture.ts";
import type { FuzzCase, Item } from "./fuzz-case.fixture.ts";
import { csvOracle } from "./oracle-csv.fixture.ts";
import { ndjsonOracle } from "./oracle-ndjson.fixture.ts";

/** What a comparison came to. */
export interface Compared {
  readonly records: number;
  readonly fast: number;
  /** Where the two differ first, as one reads it. */
  readonly difference: string | undefined;
}

/** What cases mean that are compared again and again: with each fault. */
const known = new WeakMap<FuzzCase, readonly Item[]>();

function expectedOf(one: FuzzCase): readonly Item[] | undefined {
  const before = known.get(one);
  if (before !== undefined) return before;
  const expected = one.format === "csv" ? csvOracle(one) : ndjsonOracle(one);
  if (expected !== undefined) known.set(one, expected);
  return expected;
}

/** Decodes a stream and compares. */
export function compareCase(one: FuzzCase): Compared {
  const expected = expectedOf(one);
  try {
    const { items, fast } = decodeCase(one);
    if (expected === undefined) return { records: 0, fast: 0, difference: "a stream was read whose header cannot be" };
    return { records: expected.length, fast, difference: differenceOf(items, expected, one) };
  } catch (thrown) {
    const isRefused = expected === undefined && StreamFlowError.is(thrown);
    const said = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { records: expected?.length ?? 0, fast: 0, difference: isRefused ? undefined : `the decoder threw ${said}` };
  }
}

function differenceOf(actual: readonly Item[], expected: readonly Item[], { restarts }: FuzzCase): string | undefined {
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    const [a, b] = [actual[i], expected[i]];
    if (a === undefined || b === undefined || !isSame(a, b, restarts)) return `record ${i}\n  expected ${itemText(b)}\n  got      ${itemText(a)}`;
  }
  return undefined;
}

/** A decoder that goes on within a record that is too long does not have its head. */
function isSame(a: Item, b: Item, restarts: boolean): boolean {
  const isHeadless = restarts && a.code === "SF_RECORD_TOO_LARGE";
  return a.code === b.code && (isHeadless || Buffer.compare(a.raw, b.raw) === 0) && sameValue(a.value, b.value);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return describeValue(a) === describeValue(b);
}

function itemText(item: Item | undefined): string {
  if (item === undefined) return "nothing";
  return `${item.code ?? describeValue(item.value)} of ${JSON.stringify(Buffer.from(item.raw).toString("latin1"))}`;
}
