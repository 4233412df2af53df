// What a plan means, written down with arrays alone: no batches, no partitions in work, no timers, no state to keep.
import type { BranchSpec, KeyedSpec, OperatorSpec, PlanSpec, StepSpec, TimeWindowSpec } from "./plan-spec.fixture.ts";
import { hasExchange } from "./plan-spec.fixture.ts";
import { type Row, rowsOf, textOf } from "./rows.fixture.ts";
import { applyStep, computedKey, folded, idOf, type Loose } from "./steps.fixture.ts";

/** Output by sink, sorted: as multisets. */
export type ModelOutput = Readonly<Record<string, readonly string[]>>;

/** Records of one turn: docs/windowing.md, "What results depend on". */
const turn = 1_024;

type WindowOf = Extract<OperatorSpec, { op: "window" }>;
interface Stamped {
  readonly record: Loose;
  readonly timestampMs: number;
}
/** A record, or the news that event time on one way has come to a time. */
type Event = Stamped | { readonly way: string; readonly watermarkMs: number };
interface Firing {
  readonly startMs: number;
  readonly endMs: number;
  readonly key: unknown;
  readonly held: readonly Stamped[];
}

/** Whether a plan is simple enough to be modelled. */
export function isModelled({ combine, keyed, timed, inner }: PlanSpec): boolean {
  const [only, ...more] = keyed;
  if (combine.startsWith("join") || timed === "late" || inner !== null || more.length > 0) return false;
  if (only === undefined) return true;
  const { operator } = only;
  if (operator.op !== "window") return operator.ttlMs === null && !(operator.op === "aggregate" && operator.updates);
  const { window: windows, earlyMs, earlyCount, ttlMs, discarding } = operator;
  if (windows.kind === "count") return ttlMs === null;
  if (earlyMs !== null || earlyCount !== null) return false;
  if (windows.kind === "global") return ttlMs === null;
  return windows.kind !== "session" || (windows.maxCount === null && !discarding);
}

/** What the sinks of a modelled plan hold in the end. */
export function modelOf(spec: PlanSpec): ModelOutput {
  const outputs: Record<string, string[]> = { late0: [] };
  spec.sinks.forEach((_, at) => (outputs[`out${at}`] = []));
  for (const events of scopesOf(spec)) {
    const { results, late } = resultsOf(spec, events);
    outputs["late0"]!.push(...late.map(({ record }) => textWithoutSign(record)));
    for (const result of results.flatMap((one) => stepped(spec.tail, one))) {
      for (const sink of sinksOf(spec, result)) outputs[`out${sink}`]!.push(textWithoutSign(result));
    }
  }
  for (const output of Object.values(outputs)) output.sort();
  return outputs;
}

/** Which zero a result shows as its key depends on where panes are cut: both are one key. */
export function textWithoutSign(value: unknown): string {
  return unsigned(textOf(value));
}

export function unsigned(text: string): string {
  return text.replaceAll(/(?<![\w.])-0(?![\w.])/g, "0");
}

function sinksOf({ sinks, routed }: PlanSpec, result: unknown): readonly number[] {
  if (!routed || sinks.length === 1) return sinks.map((_, at) => at);
  const route = idOf(result) % 3;
  return [route < sinks.length - 1 ? route + 1 : 0];
}

// --- what arrives, in order ----------------------------------------------------------------------------------------

/** Events of all partitions together where there is an exchange; else of each by itself. */
function scopesOf(spec: PlanSpec): readonly (readonly Event[])[] {
  const used = spec.combine === "union of sources" ? spec.sources : [spec.sources[0]];
  const partitions = used.flatMap((source, at) => source.counts.map((_, partition) => ({ source: at, name: `${at}/${partition}`, rows: rowsOf(source, at, partition) })));
  if (!hasExchange(spec)) return partitions.map((one) => [...waysOf(spec, one), ...turnsOf(spec, one).flat()]);
  const turns = partitions.map((one) => turnsOf(spec, one));
  const last = Math.max(...turns.map((one) => one.length));
  return [[...partitions.flatMap((one) => waysOf(spec, one)), ...Array.from({ length: last }, (_, at) => turns.flatMap((one) => one[at] ?? [])).flat()]];
}

interface Partition {
  readonly source: number;
  readonly name: string;
  readonly rows: readonly Row[];
}

/** In the order in which a record goes through them: that of the edges behind the source, of which the one without a stage is written last. */
function branchesOf({ combine, branches, timed }: PlanSpec, source: number): readonly BranchSpec[] {
  const isBare = timed !== true && branches[0].pre.length + branches[0].post.length === 0;
  return combine === "union of branches" ? (isBare ? branches.toReversed() : branches) : combine === "union of sources" ? [branches[source]!] : [branches[0]];
}

/** Every way holds event time back until it has a time. */
function waysOf(spec: PlanSpec, { source, name }: Partition): readonly Event[] {
  return branchesOf(spec, source).map((_, at) => ({ way: `${name}/${at}`, watermarkMs: -Infinity }));
}

function turnsOf(spec: PlanSpec, { source, name, rows }: Partition): readonly (readonly Event[])[] {
  const branches = branchesOf(spec, source);
  const end = spec.bounded ? branches.map((_, at): Event => ({ way: `${name}/${at}`, watermarkMs: Infinity })) : [];
  return Array.from({ length: Math.floor(rows.length / turn) + 1 }, (_, at) => {
    const events = rows.slice(at * turn, (at + 1) * turn).flatMap((row) => branches.flatMap((branch, index) => eventsOf(branch, row, spec.timed === true ? `${name}/${index}` : undefined)));
    return rows.length < (at + 1) * turn ? [...events, ...end] : events;
  });
}

function eventsOf({ pre, boundMs, post }: BranchSpec, row: Row, way: string | undefined): readonly Event[] {
  return stepped(pre, row).flatMap((record): readonly Event[] => {
    if (way === undefined) return stepped(post, record).map((one) => ({ record: one, timestampMs: NaN }));
    const timestampMs = record["at"];
    if (typeof timestampMs !== "number") return [];
    return [...stepped(post, record).map((one) => ({ record: one, timestampMs })), { way, watermarkMs: timestampMs - boundMs - 1 }];
  });
}

function stepped(steps: readonly StepSpec[], record: unknown): readonly Loose[] {
  let records: readonly unknown[] = [record];
  for (const step of steps) {
    records = records.flatMap((one) => {
      try {
        return applyStep(step, one);
      } catch {
        return [];
      }
    });
  }
  return records as readonly Loose[];
}

// --- what is made of it --------------------------------------------------------------------------------------------

interface Results {
  readonly results: readonly unknown[];
  readonly late: readonly Stamped[];
}

function resultsOf(spec: PlanSpec, events: readonly Event[]): Results {
  const [keyed] = spec.keyed;
  const records = events.flatMap((event) => ("record" in event ? [event] : []));
  if (keyed === undefined) return { results: records.map(({ record }) => record), late: [] };
  const isLocal = spec.sources[0].local && spec.combine !== "union of sources";
  const keyOf = (record: Loose): unknown => (keyed.key === "field" ? (record["k"] ?? null) : keyed.key === "function" ? computedKey(record, isLocal) : [record["g"] ?? null, record["k"] ?? null]);
  const { operator } = keyed;
  if (operator.op !== "window") return { results: running(records, keyOf, keyed), late: [] };
  const { firings, late } = firingsOf(operator, events, keyOf);
  return { late, results: firings.map(({ startMs, endMs, key, held }) => ({ windowStart: startMs, windowEnd: endMs, ...keyFields(keyed, key), ...(operator.numbers ? numbersOf(held) : aggregated(held)) })) };
}

function keyFields({ key: kind }: KeyedSpec, key: unknown): Loose {
  if (kind !== "struct") return { [kind === "field" ? "k" : "key"]: key };
  const [g, k] = key as readonly unknown[];
  return { g, k };
}

function running(records: readonly Stamped[], keyOf: (record: Loose) => unknown, keyed: KeyedSpec): readonly unknown[] {
  return records.map((one, at) => {
    const key = keyOf(one.record);
    const own = records.slice(0, at + 1).filter((other) => sameKey(keyOf(other.record), key));
    if (keyed.operator.op === "reduce") return own.map(({ record }) => record).reduce(folded);
    return { ...keyFields(keyed, key), ...aggregated(own) };
  });
}

function numbersOf(held: readonly Stamped[]): Loose {
  const { id, n, lo, hi } = aggregated(held);
  return { id, n, lo, hi };
}

function aggregated(held: readonly Stamped[]): Loose {
  const numbers = held.flatMap(({ record }) => (typeof record["n"] === "number" ? [record["n"]] : []));
  const any = numbers.length > 0;
  return {
    id: held.length,
    n: any ? numbers.reduce((a, b) => a + b, 0) : null,
    lo: any ? Math.min(...numbers) : null,
    hi: any ? Math.max(...numbers) : null,
    newest: textOf(held.at(-1)!.record["k"]),
    ids: held.map(({ record }) => idOf(record)),
  };
}

function sameKey(a: unknown, b: unknown): boolean {
  return textWithoutSign(a) === textWithoutSign(b);
}

interface Firings {
  readonly firings: readonly Firing[];
  readonly late: readonly Stamped[];
}

function firingsOf(operator: WindowOf, events: readonly Event[], keyOf: (record: Loose) => unknown): Firings {
  const { window: windows } = operator;
  if (windows.kind === "session") return sessions(operator, windows.gapMs, { events, keyOf });
  if (windows.kind === "tumbling" || windows.kind === "sliding") return timeWindows(operator, windows, { events, keyOf });
  const isOver = events.some((event) => "way" in event && event.watermarkMs === Infinity);
  const records = events.flatMap((event) => ("record" in event ? [event] : []));
  const firings: Firing[] = [];
  for (const own of byKey(records, keyOf)) {
    const key = keyOf(own[0]!.record);
    if (windows.kind === "global") {
      if (isOver) firings.push(spanned(key, own));
      continue;
    }
    for (let first = 0; first < own.length; first += windows.every) {
      const held = own.slice(first, first + windows.count);
      if (held.length === windows.count || (isOver && operator.partial)) firings.push(spanned(key, held));
    }
  }
  return { firings, late: [] };
}

function byKey(records: readonly Stamped[], keyOf: (record: Loose) => unknown): readonly (readonly Stamped[])[] {
  return Object.values(Object.groupBy(records, ({ record }) => textWithoutSign(keyOf(record)))).map((own) => own!);
}

/** Bounds of what event time does not bound: null where no record has a time. */
function spanned(key: unknown, held: readonly Stamped[]): Firing {
  const times = held.map(({ timestampMs }) => timestampMs).filter((timeMs) => !Number.isNaN(timeMs));
  const bounds = times.length === 0 ? { startMs: null, endMs: null } : { startMs: Math.min(...times), endMs: Math.max(...times) + 1 };
  return { ...(bounds as { startMs: number; endMs: number }), key, held };
}

interface Arrivals {
  readonly events: readonly Event[];
  readonly keyOf: (record: Loose) => unknown;
}

/** Goes through the events with the watermark before and after each: the least of all ways, and never back. */
function walk(events: readonly Event[], take: { record(one: Stamped, watermarkMs: number): void; time(beforeMs: number, afterMs: number): void }): void {
  const ways = new Map<string, number>();
  let watermarkMs = -Infinity;
  for (const event of events) {
    if ("record" in event) {
      take.record(event, watermarkMs);
      continue;
    }
    ways.set(event.way, Math.max(ways.get(event.way) ?? -Infinity, event.watermarkMs));
    const beforeMs = watermarkMs;
    watermarkMs = Math.max(beforeMs, Math.min(...ways.values()));
    if (watermarkMs > beforeMs) take.time(beforeMs, watermarkMs);
  }
}

function startsOf(windows: TimeWindowSpec, timestampMs: number): readonly number[] {
  const [everyMs, offsetMs] = windows.kind === "tumbling" ? [windows.sizeMs, windows.offsetMs] : [windows.slideMs, 0];
  const starts: number[] = [];
  for (let startMs = timestampMs - windows.sizeMs + 1; startMs <= timestampMs; startMs++) if (Number.isInteger((startMs - offsetMs) / everyMs)) starts.push(startMs);
  return starts;
}

function timeWindows({ latenessMs, discarding }: WindowOf, windows: TimeWindowSpec, { events, keyOf }: Arrivals): Firings {
  const cells: { readonly startMs: number; readonly endMs: number; readonly key: unknown; all: readonly Stamped[]; unfired: readonly Stamped[] }[] = [];
  const firings: Firing[] = [];
  const late: Stamped[] = [];
  const fire = (cell: (typeof cells)[number]): void => {
    firings.push({ ...cell, held: discarding ? cell.unfired : cell.all });
    cell.unfired = [];
  };
  walk(events, {
    record(one, watermarkMs) {
      const starts = startsOf(windows, one.timestampMs);
      const open = starts.filter((startMs) => startMs + windows.sizeMs - 1 + latenessMs > watermarkMs);
      if (starts.length > 0 && open.length === 0) late.push(one);
      for (const startMs of open) {
        const key = keyOf(one.record);
        let cell = cells.find((other) => other.startMs === startMs && sameKey(other.key, key));
        if (cell === undefined) cells.push((cell = { startMs, endMs: startMs + windows.sizeMs, key, all: [], unfired: [] }));
        cell.all = [...cell.all, one];
        cell.unfired = [...cell.unfired, one];
        if (cell.endMs - 1 <= watermarkMs) fire(cell);
      }
    },
    time(beforeMs, afterMs) {
      for (const cell of cells) if (cell.endMs - 1 > beforeMs && cell.endMs - 1 <= afterMs) fire(cell);
    },
  });
  return { firings, late };
}

function sessions({ latenessMs }: WindowOf, gapMs: number, { events, keyOf }: Arrivals): Firings {
  const live = new Map<string, readonly Stamped[]>();
  const firings: Firing[] = [];
  const late: Stamped[] = [];
  const endOf = (group: readonly Stamped[]): number => Math.max(...group.map((one) => one.timestampMs)) + gapMs;
  const groups = (all: readonly Stamped[]): Stamped[][] => {
    const found: Stamped[][] = [];
    for (const one of all.toSorted((a, b) => a.timestampMs - b.timestampMs)) {
      const group = found.at(-1);
      if (group !== undefined && one.timestampMs <= endOf(group)) group.push(one);
      else found.push([one]);
    }
    return found;
  };
  const fire = (all: readonly Stamped[], group: readonly Stamped[]): void => {
    const held = all.filter((one) => group.includes(one));
    firings.push({ startMs: Math.min(...group.map((one) => one.timestampMs)), endMs: endOf(group), key: keyOf(held[0]!.record), held });
  };
  walk(events, {
    record(one, watermarkMs) {
      const name = textWithoutSign(keyOf(one.record));
      const all = [...(live.get(name) ?? []), one];
      const group = groups(all).find((members) => members.includes(one))!;
      if (endOf(group) - 1 + latenessMs <= watermarkMs) return void late.push(one);
      live.set(name, all);
      if (endOf(group) - 1 <= watermarkMs) fire(all, group);
    },
    time(beforeMs, afterMs) {
      for (const [name, all] of live) {
        for (const group of groups(all)) if (endOf(group) - 1 > beforeMs && endOf(group) - 1 <= afterMs) fire(all, group);
        live.set(name, all.filter((one) => groups(all).some((group) => group.includes(one) && endOf(group) - 1 + latenessMs > afterMs)));
      }
    },
  });
  return { firings, late };
}
