// One keyed window pipeline in every setting that must not change its results, and the results counted by a naive model.
import { buildPlan, parsePipeline } from "@streamflow/config";
import { type ComponentSpec, eventTime, field, type LogicalPlan, Pipeline, t } from "@streamflow/core";
import { type DriverEnds, PipelineDriver } from "@streamflow/core/testing";
import { builtinRegistry } from "@streamflow/runner";
import { collect, count, keyBy, max, sum, tumbling, window } from "@streamflow/transform";

/** A record. */
export interface Reading {
  readonly key: string;
  readonly at: number;
  readonly value: number;
}

/** A result, as the pipeline gives it. */
export interface WindowRow {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly key: string;
  readonly n: number;
  readonly total: number;
  readonly highest: number;
  readonly values: readonly number[];
}

/** What the window does. */
export interface WindowRules {
  readonly sizeMs: number;
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  readonly early?: { readonly everyMs?: number; readonly count?: number };
}

/** How it is done: nothing of this may show in the results. */
export interface Setting {
  readonly form: "code" | "yaml";
  readonly maxRecords: number;
  readonly mode: "sync" | "async";
  readonly coPartitioned: boolean;
}

export const plainSetting: Setting = { form: "code", maxRecords: 1024, mode: "async", coPartitioned: false };

/** Both outputs of the pipeline, in order. */
export interface Results {
  readonly rows: readonly WindowRow[];
  readonly late: readonly Reading[];
}

const reading = t.struct({ key: t.string(), at: t.timestamp(), value: t.int32() });

/** A driver of the pipeline, over a broker with these partitions. */
export function driverOf(rules: WindowRules, setting: Setting, broker: { readonly partitions?: readonly string[]; readonly bounded?: boolean } = {}): PipelineDriver {
  const build = (ends: DriverEnds): LogicalPlan => (setting.form === "code" ? inCode(rules, setting, ends).plan() : inYaml(rules, setting, ends));
  return new PipelineDriver({ build, brokers: { in: { schema: reading, bounded: true, ...broker } } });
}

export function resultsOf(driver: PipelineDriver): Results {
  return { rows: driver.values("out") as readonly WindowRow[], late: driver.values("late") as readonly Reading[] };
}

/** Runs the pipeline over one partition, whole. */
export async function runOnce(readings: readonly Reading[], rules: WindowRules, setting: Setting): Promise<Results> {
  const driver = driverOf(rules, setting);
  driver.push(readings);
  driver.broker().end();
  await driver.start();
  return resultsOf(driver);
}

function inCode(rules: WindowRules, { maxRecords, mode, coPartitioned }: Setting, ends: DriverEnds): { plan(): LogicalPlan } {
  const { sizeMs, outOfOrdernessMs, allowedLatenessMs, early } = rules;
  return new Pipeline({ name: "readings", batch: { maxRecords }, checkpoint: { everyMs: 100, mode } })
    .from(ends.source<Reading>(), { id: "in" })
    .addStage(eventTime({ timestamp: field("at"), outOfOrdernessMs }))
    .addStage(keyBy("key", coPartitioned ? { coPartitioned } : {}))
    .addStage(window({
      window: tumbling({ sizeMs }),
      allowedLatenessMs,
      ...(early === undefined ? {} : { early }),
      aggregate: { n: count(), total: sum(field("value")), highest: max(field("value")), values: collect(field("value")) },
    }), { id: "window" })
    .side("late", (late) => late.to(ends.sink("late"), { id: "late" }))
    .to(ends.sink("out"), { id: "out" });
}

function inYaml(rules: WindowRules, { maxRecords, mode, coPartitioned }: Setting, ends: DriverEnds): LogicalPlan {
  const { sizeMs, outOfOrdernessMs, allowedLatenessMs, early } = rules;
  const triggers = [early?.everyMs === undefined ? "" : `every: ${early.everyMs}ms`, early?.count === undefined ? "" : `count: ${early.count}`].filter((text) => text !== "");
  const text = `
name: readings
batch: { maxRecords: ${maxRecords} }
checkpoint: { every: 100ms, mode: ${mode} }
source: { type: broker, id: in }
stages:
  - { type: eventTime, timestamp: at, outOfOrderness: ${outOfOrdernessMs}ms }
  - { type: keyBy, key: key, coPartitioned: ${coPartitioned} }
  - type: window
    id: window
    tumbling: ${sizeMs}ms
    allowedLateness: ${allowedLatenessMs}ms
    ${triggers.length === 0 ? "" : `early: { ${triggers.join(", ")} }`}
    aggregate: { n: count(), total: sum(value), highest: max(value), values: collect(value) }
sinks:
  - { type: target, id: late, from: window.late, name: late }
  - { type: target, id: out, from: window, name: out }
`;
  const broker: ComponentSpec<"source"> = { kind: "source", type: "broker", summary: "The driver's.", fields: {}, example: "type: broker", create: () => ends.source() };
  const target: ComponentSpec<"sink"> = {
    kind: "sink",
    type: "target",
    summary: "The driver's.",
    fields: { name: { type: { kind: "string" }, doc: "Its name.", required: true } },
    example: "type: target",
    create: ({ name }) => ends.sink(name as string),
  };
  const registry = builtinRegistry().add(broker, target);
  return buildPlan(parsePipeline(text, { registry }), registry);
}

interface Cell {
  readonly key: string;
  readonly start: number;
  readonly values: number[];
  isFired: boolean;
}

/** Every record looks at every window: rows without early firings, those of a late update included, and the late records in order. */
export function naiveResults(readings: readonly Reading[], { sizeMs, outOfOrdernessMs, allowedLatenessMs }: WindowRules): Results {
  const cells: Cell[] = [];
  const rows: WindowRow[] = [];
  const late: Reading[] = [];
  const fire = (cell: Cell): void => {
    cell.isFired = true;
    const { key, start, values } = cell;
    const total = values.reduce((a, b) => a + b, 0);
    rows.push({ windowStart: start, windowEnd: start + sizeMs, key, n: values.length, total, highest: Math.max(...values), values: [...values] });
  };
  let newest = -Infinity;
  for (const one of readings) {
    const watermark = newest - outOfOrdernessMs - 1;
    const start = Math.floor(one.at / sizeMs) * sizeMs;
    const last = start + sizeMs - 1;
    if (last + allowedLatenessMs <= watermark) late.push(one);
    else {
      let cell = cells.find((other) => other.key === one.key && other.start === start);
      if (cell === undefined) cells.push((cell = { key: one.key, start, values: [], isFired: false }));
      cell.values.push(one.value);
      if (last <= watermark) fire(cell);
    }
    newest = Math.max(newest, one.at);
    for (const cell of cells) if (!cell.isFired && cell.start + sizeMs - 1 <= newest - outOfOrdernessMs - 1) fire(cell);
  }
  for (const cell of cells) if (!cell.isFired) fire(cell);
  return { rows, late };
}

/** Rows in one order: what does not depend on the order of arrival is compared by this. */
export function asSet(rows: readonly WindowRow[]): readonly string[] {
  return rows.map(({ values, ...row }) => JSON.stringify({ ...row, values: [...values].sort((a, b) => a - b) })).sort();
}

/** The last row of each key's window: what a table holds that is updated in place. */
export function lastRows(rows: readonly WindowRow[]): readonly WindowRow[] {
  return [...new Map(rows.map((row) => [`${row.key} ${row.windowStart}`, row])).values()];
}
