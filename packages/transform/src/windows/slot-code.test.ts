// Keys that are texts: the same results as from rows (fused.test.ts), without a string for each record.
import { type Batch, type Column, eventTime, field, mayGenerateCode, Pipeline, type PollLimits, type PollResult, type Source, type Texts } from "@streamflow/core";
import { PipelineDriver, textColumn } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { count, filter, keyBy, session, sliding, sum, tumbling, window } from "../index.ts";
import type { WindowConfig } from "../window.ts";

interface Row {
  readonly at: number;
  readonly k: string;
  readonly n: number;
}

/** Counts the strings that are made of texts. */
interface Made {
  strings: number;
}

function inColumns(source: Source<Row>, made: Made): Source<Row> {
  return {
    ...source,
    async open(context) {
      const session = await source.open(context);
      const poll = (partition: string, limits: PollLimits): PollResult => {
        const batch = session.poll(partition, limits);
        return typeof batch === "string" || batch.values === undefined ? batch : columnsOf(batch, batch.values as readonly Row[], made);
      };
      const own = (name: string | symbol): unknown => {
        const value: unknown = Reflect.get(session, name);
        return typeof value === "function" ? (value as () => unknown).bind(session) : value;
      };
      return new Proxy(session, { get: (_, name) => (name === "poll" ? poll : own(name)) });
    },
  };
}

function columnsOf(batch: Batch, rows: readonly Row[], made: Made): Batch {
  const { values: _, ...rest } = batch;
  const k = textColumn("k", rows.map((row) => row.k));
  const numbers = (name: "at" | "n"): Column => ({ name, values: Float64Array.from(rows, (row) => row[name]) });
  return { ...rest, columns: [numbers("at"), counted(k, made), numbers("n")], positionAt: (index) => batch.positionAt(index) };
}

function counted(column: Column, made: Made): Column {
  const texts = column.texts!;
  const at = (index: number): unknown => {
    made.strings++;
    return texts.at(index);
  };
  const own: Texts = { bytes: texts.bytes, starts: texts.starts, ends: texts.ends, others: texts.others, slice: (from, to) => texts.slice(from, to), at };
  return { name: column.name, values: column.values, texts: own };
}

async function stringsOf(config: Pick<WindowConfig, "window" | "early">, rows: readonly Row[]): Promise<{ readonly made: Made; readonly results: unknown[] }> {
  const made: Made = { strings: 0 };
  const driver = new PipelineDriver({
    build: (ends) =>
      new Pipeline({ name: "texts", checkpoint: { everyMs: 1_000 } })
        .from(inColumns(ends.source<Row>(), made))
        .addStage(eventTime<Row>({ timestamp: field("at"), outOfOrdernessMs: 0 }))
        .addStage(filter<Row>(field("n").gt(0)))
        .addStage(keyBy<Row>("k"))
        .addStage(window({ ...config, aggregate: { rows: count(), total: sum(field("n")) } }))
        .to(ends.sink("out")),
    brokers: { in: { partitions: ["0"], bounded: true } },
  });
  await driver.start();
  driver.push(rows, "0");
  driver.broker().end();
  await driver.advance(2_000);
  return { made, results: driver.target("out").visible.map(({ value }) => value) };
}

const rows = Array.from({ length: 2_000 }, (_, i): Row => ({ at: i, k: i % 2 === 0 ? "all" : `key ${i % 16}`, n: i % 10 }));
const total = rows.reduce((sum, { n }) => sum + n, 0);

const cases: Readonly<Record<string, Pick<WindowConfig, "window" | "early">>> = {
  tumbling: { window: tumbling({ sizeMs: 1_000 }) },
  "tumbling, fired by count": { window: tumbling({ sizeMs: 1_000 }), early: { count: 100_000 } },
  sliding: { window: sliding({ sizeMs: 1_000, slideMs: 500 }) },
  session: { window: session({ gapMs: 100 }) },
};

for (const [name, config] of Object.entries(cases)) {
  it.skipIf(!mayGenerateCode())(`${name}: a string is made for the first records of a window or key, and for no others`, async () => {
    const { made, results } = await stringsOf(config, rows);
    expect(made.strings).toBeLessThan(60);
    const sums = (results as { readonly total: number }[]).reduce((sum, one) => sum + one.total, 0);
    expect(sums).toBe(name === "sliding" ? 2 * total : total);
  });
}
