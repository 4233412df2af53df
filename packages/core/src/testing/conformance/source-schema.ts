// The clause SRC-14 as checks: what a source delivers is of the type that it declares.
import assert from "node:assert/strict";
import { equalTypes } from "../../types/format-type.ts";
import { nullable, t } from "../../types/constructors.ts";
import type { SuiteBuilder } from "./case.ts";
import type { SourceHarness, SourceTrial } from "./source-trial.ts";
import { range } from "./store-trial.ts";
import type { TypedSource } from "./typed-rows.ts";

const schema = t.struct({
  id: t.int32(),
  count: t.int64(),
  real: t.float64(),
  price: t.decimal(12, 2),
  name: t.string(),
  isOpen: t.bool(),
  at: t.timestamp(),
  bytes: t.bytes(),
  tags: t.list(t.string()),
  size: t.struct({ width: t.int32(), height: nullable(t.int64()) }),
  note: nullable(t.string()),
  level: nullable(t.int32()),
  seen: nullable(t.timestamp()),
});

/** Row `i`: together they hold the ends of every type, and null wherever it may be. */
function row(i: number): Readonly<Record<string, unknown>> {
  const pick = (...values: readonly unknown[]): unknown => values[i % values.length];
  return {
    id: pick(i, 2 ** 31 - 1, -(2 ** 31)),
    count: pick(BigInt(i), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n),
    real: pick(i / 8, 1e300, -0.5),
    price: pick("0.01", "-12.50", "9999999999.99"),
    name: pick(`name ${i}`, "", "é", "a,b\n\"c\""),
    isOpen: pick(true, false),
    at: pick(0, -1, Date.UTC(9999, 11, 31), Date.UTC(1900, 1, 28), 1_700_000_000_123),
    bytes: pick(Uint8Array.of(i, 255), new Uint8Array(0)),
    tags: pick([], ["a", "", "null"]),
    size: pick({ width: i, height: 2n ** 60n }, { width: -i, height: null }),
    note: pick(null, `note ${i}`),
    level: pick(i, null, 0),
    seen: pick(null, 1, Date.UTC(2024, 1, 29)),
  };
}

/** What each of these fields cannot hold. */
const faults: readonly (readonly [fault: string, field: string, value: unknown])[] = [
  ["int32: null", "id", null],
  ["int32: a fraction", "id", 1.5],
  ["int32: beyond its range", "id", 2 ** 31],
  ["int32: text", "level", "many"],
  ["int64: null", "count", null],
  ["int64: beyond its range", "count", 2n ** 63n],
  ["float64: text", "real", "a lot"],
  ["decimal: too many digits", "price", "123456789012.00"],
  ["string: null, where an empty one is another value", "name", null],
  ["bool: text", "isOpen", "maybe"],
  ["timestamp: null", "at", null],
  ["timestamp: no date", "at", "2023-02-29T00:00:00Z"],
  ["timestamp: beyond the dates", "seen", 8.64e15 + 1],
  ["list: an item that is null", "tags", ["a", null]],
  ["struct: a field that is null", "size", { width: null, height: null }],
  ["struct: text", "size", "large"],
];

const inputs = 30;
const faultyInput = 13;

/** Adds the cases of sources that can be given a schema. */
export function addSchema<Subject>(suite: SuiteBuilder<SourceTrial<Subject>>, harness: SourceHarness<Subject>): void {
  const requirement = { name: "typed", isMet: harness.typed !== undefined };
  const good = range(inputs).map(row);
  suite.add(["SRC-14", "records are values of the declared schema, at the ends of every type, and null where they may be"], async (t) => {
    const typed = await harness.typed?.({ schema, rows: good, fault: undefined });
    assert.ok(typed !== undefined, "rows without a fault can be held");
    const { values, faulty } = await read(t, typed);
    assert.deepEqual(faulty, [], "rejected");
    assert.deepEqual(values, good);
  }, requirement);
  for (const [fault, field, value] of faults) {
    suite.add(["SRC-14", `a record is rejected alone that is none of the declared schema (${fault})`], async (t) => {
      const rows = good.map((each, i) => (i === faultyInput ? { ...each, [field]: value } : each));
      const typed = await harness.typed?.({ schema, rows, fault });
      if (typed === undefined) return;
      const { values, faulty } = await read(t, typed);
      assert.deepEqual(faulty.map(({ input }) => input), [faultyInput], "rejected");
      assert.deepEqual(values, good.filter((_, i) => i !== faultyInput));
    }, requirement);
  }
}

/** An input that was rejected. */
interface Faulty {
  readonly input: number;
  readonly why: string;
}

/** Reads all inputs. Answers the records, and which inputs were rejected. */
async function read<Subject>(trial: SourceTrial<Subject>, { source, environment }: TypedSource): Promise<{ readonly values: readonly unknown[]; readonly faulty: readonly Faulty[] }> {
  assert.ok(source.schema !== undefined && equalTypes(source.schema, schema), "SRC-14: the source declares the schema that it was given");
  const reader = await trial.openSource(source, environment);
  const [{ partition }] = reader.assigned.length === 1 ? [reader.assigned[0]!] : assert.fail("typed rows lie in one partition");
  const faulty: Faulty[] = [];
  let seen = 0;
  while (seen < inputs) {
    const batch = await reader.next(partition);
    assert.ok(batch !== "end", `the partition ended ${inputs - seen} inputs early`);
    (batch.rejected ?? []).forEach(({ beforeIndex, error }, i) => faulty.push({ input: seen + beforeIndex + i, why: error.message }));
    seen += batch.length + (batch.rejected?.length ?? 0);
    reader.keep(partition, batch);
    batch.release?.();
  }
  await reader.close();
  return { values: (reader.records.get(partition) ?? []).map(({ value }) => value), faulty };
}
