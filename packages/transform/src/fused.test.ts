// Closures are the meaning, generated code is a faster form of it (docs/adr/0002, F1): for every plan and input both give the same.
import { type Batch, type Column, type Compute, deadLetterLog, decodeDeadLetter, eventTime, field, mayGenerateCode, Pipeline, type PollLimits, type PollResult, record, type Sink, type SinkBatch, type Source, type Stage } from "@streamflow/core";
import { type DriverEnds, forbidCodeGeneration, memoryStores, PipelineDriver, textColumn } from "@streamflow/core/testing";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { avg, count, filter, keyBy, map, project, max, min, session, sliding, split, sum, tumbling, window } from "./index.ts";
import type { EarlyTriggers, WindowMode } from "./trigger.ts";
import type { WindowConfig } from "./window.ts";

afterEach(() => forbidCodeGeneration(false));

interface Row {
  readonly at: unknown;
  readonly k: unknown;
  readonly n: unknown;
}

/** Computations that hold, fail and answer nonsense; as functions and as expressions. */
const wheres = [field("k").ne("b"), field("k").eq("a").or(field("n").gt(4)), field("n").gt(2), field("n").plus(1).gt(field("at")), (row: Row) => (row.n as number) > 2, (row: Row) => row.n as boolean, (row: Row) => failOn(row, row.n === 3, true)];
const keys = [field("k"), (row: Row) => row.k, (row: Row) => failOn(row, row.k === "b", row.k), (row: Row) => (row.n === 4 ? () => 1 : row.k)];
const maps = [undefined, ({ at, k, n }: Row) => ({ at, name: k, k, n }), ({ at, k, n }: Row) => ({ k, at, n: (n as number) * 2 }), (row: Row) => ({ n: failOn({ at: 0, k: 0, n: row.n }, row.n === 5, row.n), at: row.at, k: row.k }), (row: Row) => ({ at: row.at, k: row.k, n: String(row.k).length }), (row: Row) => ({ ...row, n: (row.n as number) * 2 }), (row: Row) => (row.n === 1 ? undefined : row), (row: Row) => (row.n === 2 ? Promise.reject(new Error("late")).catch(() => row) : { k: row.k, n: row.n }), shapeshifter];
/** As many fields each time, now and then with another name or in another order, so that a shape that was learned is met by others. */
function shapeshifter(row: Row): unknown {
  if (row.n === 5) return { at: row.at, other: row.k, n: row.n };
  return row.n === 6 ? { n: row.n, k: row.k, at: row.at } : { at: row.at, k: row.k, n: row.n };
}
const times = [field("at"), (row: Row) => row.at, (row: Row) => failOn(row, row.at === 40, row.at)];

function failOn<T>(row: Row, fails: boolean, value: T): T {
  if (fails) throw new TypeError(`not ${String(row.n)}`);
  return value;
}

/** Records of computed fields; generated code hands them on without making them. */
const fields: readonly (Stage<Row, Row> | undefined)[] = [
  undefined, undefined,
  project({ n: field("n"), k: field("k"), at: field("at"), twice: field("n").times(2), isBig: field("n").gt(2) }) as never,
  project({ at: (row: Row) => row.at, n: (row: Row) => failOn(row, row.n === 4, row.n), k: (row: Row) => (row.k === 2 ? undefined : row.k), __proto__x: field("k") }) as never,
  filter((row: Row) => {
    Object.freeze(row);
    return true;
  }) as never,
  map(record({ n: field("n").plus(field("at")), at: field("at"), k: field("k"), constructor: field("n") }) as never) as never,
];

const conditions = { small: field("n").lt(2), odd: (row: Row) => failOn(row, row.n === 5, row.n === 3 ? "no" : row.n === 1 || row.n === -1) } as never;
const splits: readonly (Stage<Row, Row> | undefined)[] = [undefined, split(conditions), split(conditions, { mode: "all" })];

/** Takes columns, and holds them to the rows that they stand for. */
function readingColumns(sink: Sink, seen: { columns: number }): Sink {
  return {
    ...sink,
    async open(context) {
      const session = await sink.open(context);
      const write = (batch: SinkBatch): void | Promise<void> => {
        const { columns, length, timestamps, changes } = batch;
        if (columns === undefined) return session.write(batch);
        seen.columns += length;
        const values = Array.from({ length }, (_, i) => Object.fromEntries(columns.map((column) => [column.name, column.values[i]])));
        expect(values).toEqual(batch.values);
        return session.write({ length, values, timestamps, ...(changes === undefined ? {} : { changes }), identityAt: (i) => batch.identityAt(i) });
      };
      return new Proxy(session, { get: (target, name) => (name === "readsColumns" ? true : name === "write" ? write : bound(target, name)) });
    },
  };
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? (value as () => unknown).bind(target) : value;
}

/** Gives records of one type of field as columns: `k` as texts. */
function inColumns(source: Source<Row>): Source<Row> {
  return {
    ...source,
    async open(context) {
      const session = await source.open(context);
      const poll = (partition: string, limits: PollLimits): PollResult => {
        const batch = session.poll(partition, limits);
        return typeof batch === "string" || batch.values === undefined ? batch : columnsOf(batch, batch.values as readonly Row[]);
      };
      return new Proxy(session, { get: (target, name) => (name === "poll" ? poll : bound(target, name)) });
    },
  };
}

function columnsOf(batch: Batch, rows: readonly Row[]): Batch {
  const { values: _, ...rest } = batch;
  const column = (name: keyof Row): Column => {
    const values = rows.map((given) => given[name] ?? null);
    return { name, values: values.length > 0 && values.every((one) => typeof one === "number") ? Float64Array.from(values) : values };
  };
  const k = textColumn("k", rows.map((given) => given.k ?? null));
  // What is read after the batch was released is visible.
  const release = (): void => {
    new Uint8Array(k.texts!.bytes.buffer).fill(0x58);
    batch.release?.();
  };
  return { ...rest, columns: [column("at"), k, column("n")], positionAt: (index) => batch.positionAt(index), release };
}

interface Plan {
  readonly time: number;
  readonly where: number;
  readonly map: number;
  readonly key: number;
  readonly fields: number;
  readonly window: number;
  readonly firing: Pick<WindowConfig, "allowedLatenessMs" | "mode" | "early">;
  readonly columns: boolean;
  readonly columnsIn: boolean;
  /** Sends records to several sinks. */
  readonly split: number;
  /** In place of everything between event time and the sink. */
  readonly stages?: readonly unknown[];
}

/** Windows over numbers, some of which meet values that are none. */
const windows = [undefined, tumbling({ sizeMs: 10 }), sliding({ sizeMs: 10, slideMs: 4 }), sliding({ sizeMs: 9, slideMs: 3 }), session({ gapMs: 4 }), session({ gapMs: 6, maxCount: 3 })];
const aggregates = [{ rows: count(), sum: sum(field("n")) }, { low: min(field("n")), high: max((row: Row) => row.n), some: count(field("n")), mean: avg((row: Row) => (typeof row.n === "number" ? row.n : null)) }];

function build({ time, where, map: mapped, key, fields: made, window: windowed, firing, columns, columnsIn, split: parted, stages }: Plan, seen: { columns: number }): (ends: DriverEnds) => Pipeline<Row, unknown> {
  return (ends) => {
    const pick = <T>(all: readonly T[], at: number): never => all[at % all.length] as never;
    const chosen = pick(maps, mapped) as Compute | undefined;
    let stream: Pipeline<Row, unknown> = new Pipeline({ name: "fused", checkpoint: { everyMs: 1_000 }, batch: { maxRecords: 7 } })
      .from(columnsIn ? inColumns(ends.source<Row>()) : ends.source<Row>())
      .addStage(eventTime<Row>({ timestamp: pick(times, time), outOfOrdernessMs: 5 }));
    const sink = ends.sink("out", "sink-first");
    const out = columns ? readingColumns(sink, seen) : sink;
    if (stages !== undefined) return stages.reduce((before: Pipeline<Row, unknown>, each) => before.addStage(each as never), stream).to(out, { id: "out" });
    stream = stream.addStage(filter<Row>(pick(wheres, where)) as never);
    if (chosen !== undefined) stream = stream.addStage(map(chosen as never));
    const stage = pick(fields, made) as Stage<unknown, unknown> | undefined;
    if (stage !== undefined) stream = stream.addStage(stage as never);
    stream = stream.addStage(keyBy(pick(keys, key) as never) as never);
    const chosenWindow = windows[windowed % windows.length];
    if (chosenWindow !== undefined) stream = stream.addStage(window({ window: chosenWindow, aggregate: pick(aggregates, windowed), ...firing }) as never, { id: "window" });
    const parts = splits[parted % splits.length];
    if (parts === undefined || chosenWindow !== undefined) return stream.to(out, { id: "out" });
    return stream.addStage(parts as never, { id: "split" })
      .side("small", (small) => small.to(columns ? readingColumns(ends.sink("small", "sink-first"), seen) : ends.sink("small", "sink-first"), { id: "small" }))
      .side("odd", (odd) => odd.addStage(project({ n: field("n") }) as never).to(ends.sink("odd", "sink-first"), { id: "odd" }))
      .to(out, { id: "out" }) as never;
  };
}

async function run(plan: Plan, rows: readonly Row[], seen: { columns: number } = { columns: 0 }): Promise<unknown> {
  const driver = new PipelineDriver({ build: build(plan, seen), brokers: { in: { partitions: ["0", "1"], bounded: true } } });
  await driver.start();
  rows.forEach((row, i) => driver.push([row], String(i % 2)));
  driver.broker().end();
  // A function that returns a promise fails the pipeline.
  const failure = await driver.advance(2_000).then(() => undefined, (thrown: Error) => (thrown.cause as Error).message);
  const stored = await memoryStores(driver.world.clock, driver.storage).logs.read(deadLetterLog("fused"), 0, Infinity);
  const letters = stored.map((entry) => decodeDeadLetter(entry.payload)).map(({ node, code, message, position }) => ({ node, code, message, position }));
  return { failure, state: driver.run().state, out: ["out", "small", "odd"].map((name) => driver.target(name).visible.map(({ value, timestampMs, change, identity }) => ({ value, fields: Object.keys(Object(value)), timestampMs, change, identity }))), letters };
}

const value = fc.oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom<unknown>(null, undefined, NaN, -0, 1.5, true, "2", 3n));
const row: fc.Arbitrary<Row> = fc.record({
  at: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "2026-01-01", NaN, 1.5, -3, 9e15, 5n, {}) }),
  k: fc.oneof({ weight: 8, arbitrary: fc.constantFrom<unknown>("a", "b", 1, 2) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, NaN, -0, 0, true, [1], { x: 1 }, new Map(), "") }),
  n: value,
});
const firings = fc.record({ allowedLatenessMs: fc.constantFrom(0, 7), mode: fc.constantFrom<WindowMode>("accumulating", "discarding"), early: fc.constantFrom<EarlyTriggers>({}, {}, { count: 1 }, { count: 2 }) });
const plan: fc.Arbitrary<Plan> = fc.record({ time: fc.nat(9), where: fc.nat(9), map: fc.nat(9), key: fc.nat(9), fields: fc.nat(9), window: fc.oneof(fc.constant(0), fc.nat(23)), firing: firings, columns: fc.boolean(), columnsIn: fc.boolean(), split: fc.nat(8) });

it.skipIf(!mayGenerateCode())("code and closures give the same output, dead letters and end, for any plan and any rows (property)", { timeout: 60_000 }, async () => {
  const seen = { columns: 0 };
  await fc.assert(
    fc.asyncProperty(plan, fc.array(row, { maxLength: 40 }), async (chosen, rows) => {
      forbidCodeGeneration(true);
      const closures = await run(chosen, rows);
      forbidCodeGeneration(false);
      expect(await run(chosen, rows, seen)).toEqual(closures);
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? 150), examples: [[{ ...sound, map: maps.length - 1, window: 0 }, Array.from({ length: 120 }, (_, i) => ({ at: i, k: i % 4, n: i % 11 === 7 ? 5 : i % 13 === 7 ? 6 : 3 }))]] },
  );
  expect(seen.columns).toBeGreaterThan(0);
});

/** Of all kinds: some are escaped in JSON, one has no UTF-8. */
function nameOf(i: number): string {
  return i % 10 > 0 ? `name-${i}` : i % 20 > 0 ? `имя "${i}"` : i === 20 ? "\ud800" : "é".repeat(i);
}

/** Nothing in it fails. */
const sound: Plan = { time: 0, where: 0, map: 0, key: 0, fields: 0, window: 1, firing: { allowedLatenessMs: 0, mode: "accumulating", early: {} }, columns: true, columnsIn: false, split: 0 };

it.skipIf(!mayGenerateCode())("code and closures give the same where windows fire for many keys at once (property)", { timeout: 120_000 }, async () => {
  const seen = { columns: 0 };
  const many = fc.integer({ min: 1, max: 6 }).chain((step) => fc.tuple(fc.constant(step), fc.constantFrom(300, 700), fc.nat(9)));
  await fc.assert(
    fc.asyncProperty(plan, many, async (chosen, [step, keyCount, odd]) => {
      const rows = Array.from({ length: 1_500 }, (_, i): Row => ({ at: Math.floor((i * step) / 60), k: i % 50 === odd ? `k${i % 7}` : odd < 5 ? nameOf((i * 7) % keyCount) : (i * 7) % keyCount, n: i % 97 === odd ? null : (i % 9) - 2 }));
      const whole: Plan = { ...chosen, columns: true, map: maps[chosen.map % maps.length]?.toString().includes("Promise") === true ? 0 : chosen.map, window: chosen.window === 0 ? 1 + (odd % 5) : chosen.window };
      forbidCodeGeneration(true);
      const closures = await run(whole, rows);
      forbidCodeGeneration(false);
      expect(await run(whole, rows, seen)).toEqual(closures);
    }),
    { numRuns: Math.ceil(Number(process.env["FUZZ_RUNS"] ?? 150) / 10), examples: [[sound, [3, 300, 4]]] },
  );
  expect(seen.columns).toBeGreaterThan(0);
});

/** Does to each record what is given. */
const touch = (change: (row: Record<string, unknown>) => void): Stage<unknown, unknown> => filter((row: unknown) => {
  change(row as Record<string, unknown>);
  return true;
});
const carry = map(({ at, k, n }: Row) => ({ at, k, n }));
const whole = map((row: Row) => ({ ...row, m: 1 }));

it.skipIf(!mayGenerateCode()).each<readonly [string, readonly unknown[]]>([
  ["nobody", [carry]],
  ["another function", [carry, whole]],
  ["one that freezes it", [carry, touch(Object.freeze)]],
  ["one that freezes it, and then rejects it", [carry, touch(Object.freeze), filter((row: Row) => failOn(row, row.n === 3, true))]],
  ["a key that freezes it", [carry, keyBy((row: Row) => Object.freeze(row).n)]],
  ["one that adds a field", [carry, touch((row) => (row["extra"] = 1))]],
  ["one that changes what was carried", [carry, touch((row) => (row["k"] = "X"))]],
  ["one that changes what was carried, and others", [carry, touch((row) => (row["k"] = "X")), whole]],
  ["one that takes what was carried away", [carry, touch((row) => delete row["k"]), whole]],
  ["nobody, of a record that was changed before", [touch((row) => (row["k"] = "X")), carry]],
  ["nobody, of a record that was given a field before", [touch((row) => (row["tag"] = row["n"])), map((row: Row & { readonly tag: unknown }) => ({ t: row.tag, k: row.k }))]],
  ["a filter, of a record that was changed before", [touch((row) => (row["n"] = -1)), filter((row: Row) => (row.n as number) < 0), carry]],
])("code and closures give the same where a record that a function made goes to %s", async (_, stages) => {
  const rows = Array.from({ length: 120 }, (__, i): Row => ({ at: i, k: i % 10 === 3 ? null : nameOf(i), n: i % 7 }));
  for (const [columns, columnsIn] of [[true, true], [false, true], [true, false], [false, false]] as const) {
    const chosen: Plan = { ...sound, columns, columnsIn, stages };
    forbidCodeGeneration(true);
    const closures = await run(chosen, rows);
    forbidCodeGeneration(false);
    expect(await run(chosen, rows)).toEqual(closures);
  }
});
