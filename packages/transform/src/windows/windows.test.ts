// Every kind of window against a naive model: what windows mean, written down as directly as possible, without state, timers or panes.
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Aggregate } from "../aggregate-function.ts";
import { avg, collect, count, first, last, max, min, quantile, sum, topN } from "../aggregates.ts";
import type { EarlyTriggers, FiringCause, WindowMode } from "../trigger.ts";
import { type WindowConfig, windowOperator } from "../window.ts";
import { session, sliding, tumbling, type WindowAssigner } from "./assigners.ts";
import type { WindowInfo } from "./window-output.ts";

/** A record of a test, and the watermark after it. */
interface ModelRecord {
  readonly timestampMs: number;
  readonly key: string;
  readonly value: number;
  readonly watermarkAfterMs: number;
}

/** A firing: at which step (index of the record; the length of the input is its end), and with which values, in order of arrival. */
interface ModelFiring {
  readonly step: number;
  readonly key: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly cause: FiringCause;
  readonly values: readonly number[];
}

/** What a model answers. */
interface ModelResult {
  readonly firings: readonly ModelFiring[];
  /** Indexes of late records. */
  readonly late: readonly number[];
}

/** What a model is told. */
interface ModelOptions {
  readonly allowedLatenessMs: number;
  readonly mode: WindowMode;
  readonly early: EarlyTriggers;
}

/** Watermark before and after each step; the last step is the end of the input. */
function steps(records: readonly ModelRecord[]): { readonly beforeMs: number; readonly afterMs: number }[] {
  let watermarkMs = -Infinity;
  const afters = [...records.map((record) => record.watermarkAfterMs), Infinity];
  return afters.map((after) => {
    const beforeMs = watermarkMs;
    watermarkMs = Math.max(watermarkMs, after);
    return { beforeMs, afterMs: watermarkMs };
  });
}

function ticksBetween(fromMs: number, toMs: number, everyMs: number | undefined): readonly number[] {
  if (everyMs === undefined) return [];
  const ticks: number[] = [];
  for (let timeMs = fromMs; timeMs < toMs; timeMs++) if (Number.isInteger((timeMs + 1) / everyMs)) ticks.push(timeMs);
  return ticks;
}

/** Windows by event time alone; `windowsOf` answers [start, end) pairs. */
function modelOfTimeWindows(records: readonly ModelRecord[], windowsOf: (timestampMs: number) => readonly (readonly [number, number])[], options: ModelOptions): ModelResult {
  const times = steps(records);
  const stepOf = (timeMs: number): number => times.findIndex(({ afterMs }) => afterMs >= timeMs);
  const isGone = (endMs: number, step: number): boolean => endMs - 1 + options.allowedLatenessMs <= times[step]!.beforeMs;
  const late: number[] = [];
  const cells = new Map<string, { key: string; startMs: number; endMs: number; accepted: number[] }>();
  records.forEach(({ timestampMs, key }, step) => {
    const windows = windowsOf(timestampMs);
    if (windows.length > 0 && windows.every(([, endMs]) => isGone(endMs, step))) late.push(step);
    for (const [startMs, endMs] of windows) {
      if (isGone(endMs, step)) continue;
      const id = `${key} ${startMs}`;
      cells.set(id, cells.get(id) ?? { key, startMs, endMs, accepted: [] });
      cells.get(id)!.accepted.push(step);
    }
  });
  const firings: ModelFiring[] = [];
  for (const { key, startMs, endMs, accepted } of cells.values()) {
    // What happens to this window and key, in order: records, then what the watermark brings.
    const happenings = [
      ...accepted.map((step) => ({ step, timeMs: -Infinity, what: "record" as const })),
      ...ticksBetween(startMs, endMs - 1, options.early.everyMs).map((timeMs) => ({ step: stepOf(timeMs), timeMs, what: "early" as const })),
      { step: stepOf(endMs - 1), timeMs: endMs - 1, what: "onTime" as const },
    ].sort((a, b) => a.step - b.step || a.timeMs - b.timeMs);
    let all: number[] = [];
    let pending = 0;
    const fire = (step: number, cause: FiringCause): void => {
      firings.push({ step, key, startMs, endMs, cause, values: options.mode === "accumulating" ? all : all.slice(all.length - pending) });
      pending = 0;
    };
    for (const { step, what } of happenings) {
      if (what === "record") {
        all = [...all, records[step]!.value];
        pending++;
        if (endMs - 1 <= times[step]!.beforeMs) fire(step, "late");
        else if (pending === options.early.count) fire(step, "early");
      } else if (pending > 0 || (what === "onTime" && options.mode === "accumulating" && all.length > 0)) fire(step, what);
    }
  }
  return { firings, late };
}

interface Live {
  readonly step: number;
  readonly timestampMs: number;
  readonly value: number;
  pending: boolean;
}

/** Sessions: at every step the groups of all live records of a key are found anew. */
function modelOfSessions(records: readonly ModelRecord[], { gapMs, maxCount = Infinity }: { gapMs: number; maxCount?: number }, options: ModelOptions): ModelResult {
  const times = steps(records);
  const late: number[] = [];
  const firings: ModelFiring[] = [];
  const live = new Map<string, Live[]>();

  const groups = (all: readonly Live[]): Live[][] => {
    const found: Live[][] = [];
    for (const one of [...all].sort((a, b) => a.timestampMs - b.timestampMs)) {
      const group = found.at(-1);
      if (group !== undefined && one.timestampMs <= endOf(group)) group.push(one);
      else found.push([one]);
    }
    return found;
  };
  const endOf = (group: readonly Live[]): number => Math.max(...group.map((one) => one.timestampMs)) + gapMs;
  const fire = (step: number, key: string, group: readonly Live[], cause: FiringCause): void => {
    const held = group.filter((one) => options.mode === "accumulating" || one.pending).sort((a, b) => a.step - b.step);
    for (const one of group) one.pending = false;
    firings.push({ step, key, startMs: Math.min(...group.map((one) => one.timestampMs)), endMs: endOf(group), cause, values: held.map((one) => one.value) });
  };

  times.forEach(({ beforeMs, afterMs }, step) => {
    const record = records[step];
    if (record !== undefined) {
      const { key, timestampMs, value } = record;
      const one: Live = { step, timestampMs, value, pending: true };
      const others = live.get(key) ?? [];
      const group = groups([...others, one]).find((members) => members.includes(one))!;
      if (endOf(group) - 1 + options.allowedLatenessMs <= beforeMs) late.push(step);
      else {
        const closes = group.length >= maxCount;
        live.set(key, [...others, one].filter((member) => !closes || !group.includes(member)));
        if (endOf(group) - 1 <= beforeMs) fire(step, key, group, "late");
        else if (closes) fire(step, key, group, "onTime");
        else if (group.filter((member) => member.pending).length >= (options.early.count ?? Infinity)) fire(step, key, group, "early");
      }
    }
    for (const [key, all] of live) {
      for (const group of groups(all)) {
        const startMs = Math.min(...group.map((member) => member.timestampMs));
        const lastMs = endOf(group) - 1;
        for (const tickMs of ticksBetween(startMs, lastMs, options.early.everyMs)) {
          if (tickMs > beforeMs && tickMs <= afterMs && group.some((member) => member.pending)) fire(step, key, group, "early");
        }
        if (lastMs > beforeMs && lastMs <= afterMs && (options.mode === "accumulating" || group.some((member) => member.pending))) fire(step, key, group, "onTime");
      }
      live.set(key, groups(all).filter((group) => endOf(group) - 1 + options.allowedLatenessMs > afterMs).flat());
    }
  });
  return { firings, late };
}

/** Windows over counts: window k of a key holds its records k·every … k·every + count − 1. */
function modelOfCountWindows(records: readonly ModelRecord[], { count, every }: { count: number; every: number }, emitPartial: boolean): readonly ModelFiring[] {
  const firings: ModelFiring[] = [];
  for (const key of new Set(records.map((record) => record.key))) {
    const own = records.flatMap((record, step) => (record.key === key ? [{ ...record, step }] : []));
    for (let start = 0; start < own.length; start += every) {
      const held = own.slice(start, start + count);
      const isFull = held.length === count;
      if (!isFull && !emitPartial) continue;
      const timestamps = held.map((record) => record.timestampMs);
      firings.push({
        step: isFull ? held.at(-1)!.step : records.length,
        key,
        startMs: Math.min(...timestamps),
        endMs: Math.max(...timestamps) + 1,
        cause: "onTime",
        values: held.map((record) => record.value),
      });
    }
  }
  return firings;
}

type Row = { readonly value: number };
const value = (row: Row): number => row.value;
const aggregate: Record<string, Aggregate> = {
  values: collect(value),
  n: count(),
  total: sum(value),
  median: quantile(value, 0.5),
  top: topN(2, value, value),
  first: first(value),
  last: last(value),
};
/** Nothing but numbers: these windows are kept in columns. */
const numbers: Record<string, Aggregate> = { n: count(), total: sum(value), mean: avg(value), low: min(value), high: max(value) };
const emit = (results: object, { key, startMs, endMs, cause }: WindowInfo): unknown => ({ ...results, key, startMs, endMs, cause });

/** What the aggregates above answer for values in order of arrival. */
function resultOf({ values, key, startMs, endMs, cause }: ModelFiring): unknown {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
  return {
    values,
    n: values.length,
    total: values.reduce((a, b) => a + b, 0),
    median: middle,
    top: sorted.reverse().slice(0, 2),
    first: values[0],
    last: values.at(-1),
    key,
    startMs,
    endMs,
    cause,
  };
}

function numbersOf({ values, key, startMs, endMs, cause }: ModelFiring): unknown {
  const total = values.reduce((a, b) => a + b, 0);
  return { n: values.length, total, mean: total / values.length, low: Math.min(...values), high: Math.max(...values), key, startMs, endMs, cause };
}

interface Input {
  readonly records: readonly ModelRecord[];
  /** Steps after which the operator is replaced by one restored from its snapshot. */
  readonly restores: ReadonlySet<number>;
}

/** Records of a few keys, more or less out of order, also below zero, some far behind the watermark. */
const inputs: fc.Arbitrary<Input> = fc
  .record({
    boundMs: fc.integer({ min: 0, max: 15 }),
    rows: fc.array(
      fc.record({ moveMs: fc.integer({ min: 0, max: 9 }), behindMs: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 60 })), key: fc.constantFrom("a", "b", "c"), value: fc.integer({ min: -9, max: 9 }), restore: fc.boolean() }),
      { maxLength: 40 },
    ),
  })
  .map(({ boundMs, rows }) => {
    let nowMs = -60;
    let watermarkAfterMs = -Infinity;
    const records = rows.map(({ moveMs, behindMs, key, value: v }): ModelRecord => {
      nowMs += moveMs;
      const timestampMs = nowMs - behindMs;
      watermarkAfterMs = Math.max(watermarkAfterMs, timestampMs - boundMs - 1);
      return { timestampMs, key, value: v, watermarkAfterMs };
    });
    return { records, restores: new Set(rows.flatMap(({ restore }, step) => (restore ? [step] : []))) };
  });

/** Runs the operator; answers what came out, by step. */
function run(config: WindowConfig, { records, restores }: Input): { readonly steps: readonly (readonly unknown[])[]; readonly late: readonly unknown[]; readonly stateSize: number } {
  let harness = new OperatorHarness(windowOperator, config);
  const steps: (readonly unknown[])[] = [];
  const late: unknown[] = [];
  const collectOutputs = (): void => {
    const emitted = harness.take();
    for (const { value: out, timestampMs, key } of emitted) {
      const { endMs, key: windowKey } = out as { endMs: number; key: unknown };
      expect([timestampMs, key]).toEqual([endMs - 1, windowKey]);
    }
    steps.push(emitted.map((one) => one.value));
    late.push(...harness.values("late"));
  };
  records.forEach((record, step) => {
    harness.push(record, { timestampMs: record.timestampMs, key: record.key }).advanceWatermark(record.watermarkAfterMs);
    collectOutputs();
    if (restores.has(step)) harness = new OperatorHarness(windowOperator, config, { from: harness.snapshot() });
  });
  harness.end();
  collectOutputs();
  expect(harness.rejected).toEqual([]);
  return { steps, late, stateSize: harness.stateSize };
}

function expectModel(config: Omit<WindowConfig, "aggregate">, input: Input, model: ModelResult): void {
  expectResults({ ...config, aggregate }, input, { ...model, resultOf });
  expectResults({ ...config, aggregate: numbers }, input, { ...model, resultOf: numbersOf });
}

function expectResults(config: WindowConfig, input: Input, model: ModelResult & { readonly resultOf: (firing: ModelFiring) => unknown }): void {
  const { steps, late, stateSize } = run(config, input);
  const expected = [...input.records, undefined].map((_, step) => model.firings.filter((firing) => firing.step === step).map(model.resultOf));
  expect(steps.map(sorted)).toEqual(expected.map(sorted));
  expect(late).toEqual(model.late.map((step) => input.records[step]));
  expect(stateSize).toBe(0);
  // A session that is full closes within the step, before event time moves.
  for (const step of "maxCount" in config.window ? [] : steps) {
    const ends = step.flatMap((out) => ((out as { cause: string }).cause === "onTime" ? [(out as { endMs: number }).endMs] : []));
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
  }
}

function sorted(outs: readonly unknown[]): readonly string[] {
  return outs.map((out) => JSON.stringify(out, Object.keys(out as object).sort())).sort();
}

const modes = fc.constantFrom<WindowMode>("accumulating", "discarding");
const lateness = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }));
const earlies: fc.Arbitrary<EarlyTriggers> = fc.constantFrom({}, {}, { count: 1 }, { count: 3 }, { everyMs: 4 }, { everyMs: 7, count: 2 });
const options: fc.Arbitrary<ModelOptions> = fc.record({ allowedLatenessMs: lateness, mode: modes, early: earlies });

describe("time windows equal the naive model, whatever the order and wherever restored", () => {
  it("tumbling", () => {
    fc.assert(
      fc.property(inputs, options, fc.integer({ min: 1, max: 25 }), fc.integer({ min: -30, max: 30 }), (input, opts, sizeMs, offsetMs) => {
        const windowsOf = (ts: number): [number, number][] => {
          for (let start = ts - sizeMs + 1; start <= ts; start++) if (Number.isInteger((start - offsetMs) / sizeMs)) return [[start, start + sizeMs]];
          return [];
        };
        expectModel({ window: tumbling({ sizeMs, offsetMs }), emit, ...opts }, input, modelOfTimeWindows(input.records, windowsOf, opts));
      }),
      { numRuns: 300 },
    );
  });

  it("sliding, with panes or without, with gaps or without", () => {
    fc.assert(
      fc.property(inputs, options, fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: -30, max: 30 }), (input, opts, sizeMs, slideMs, offsetMs) => {
        const windowsOf = (ts: number): [number, number][] => {
          const windows: [number, number][] = [];
          for (let start = ts - sizeMs + 1; start <= ts; start++) if (Number.isInteger((start - offsetMs) / slideMs)) windows.push([start, start + sizeMs]);
          return windows;
        };
        expectModel({ window: sliding({ sizeMs, slideMs, offsetMs }), emit, ...opts }, input, modelOfTimeWindows(input.records, windowsOf, opts));
      }),
      { numRuns: 400 },
    );
  });

  it("custom: growing windows", () => {
    // [0, 1), [1, 3), [3, 7), …; nothing below zero.
    const doubling: WindowAssigner = {
      kind: "doubling",
      assign: (ts) => (ts < 0 ? [] : [{ startMs: 2 ** Math.floor(Math.log2(ts + 1)) - 1, endMs: 2 ** (Math.floor(Math.log2(ts + 1)) + 1) - 1 }]),
      endOf: (start) => 2 * start + 1,
    };
    fc.assert(
      fc.property(inputs, options, (input, opts) => {
        const windowsOf = (ts: number): [number, number][] => doubling.assign(ts).map(({ startMs, endMs }) => [startMs, endMs]);
        expectModel({ window: doubling, emit, ...opts }, input, modelOfTimeWindows(input.records, windowsOf, opts));
      }),
    );
  });
});

describe("sessions equal the naive model", () => {
  it("by gap", () => {
    fc.assert(
      fc.property(inputs, options, fc.integer({ min: 1, max: 20 }), (input, opts, gapMs) => {
        expectModel({ window: session({ gapMs }), emit, ...opts }, input, modelOfSessions(input.records, { gapMs }, opts));
      }),
      { numRuns: 400 },
    );
  });

  it("by gap and count", () => {
    fc.assert(
      fc.property(inputs, options, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 4 }), (input, opts, gapMs, maxCount) => {
        expectModel({ window: session({ gapMs, maxCount }), emit, ...opts }, input, modelOfSessions(input.records, { gapMs, maxCount }, opts));
      }),
      { numRuns: 400 },
    );
  });
});

describe("count windows equal the naive model", () => {
  it("tumbling and sliding, the unfilled rest left out or emitted", () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 6 }), fc.option(fc.integer({ min: 1, max: 8 })), fc.boolean(), (input, size, every, emitPartial) => {
        const window = every === null ? tumbling({ count: size }) : sliding({ count: size, every });
        const firings = modelOfCountWindows(input.records, { count: size, every: every ?? size }, emitPartial);
        const { steps } = run({ window, aggregate, emit, emitPartial }, input);
        expect(steps.map(sorted)).toEqual([...input.records, undefined].map((_, step) => sorted(firings.filter((firing) => firing.step === step).map(resultOf))));
      }),
      { numRuns: 300 },
    );
  });
});
