// The clauses TBL-1 to TBL-4 and TMR-1 to TMR-4 as checks of whatever runs operators: what it gives them as tables and timers.
import assert from "node:assert/strict";
import type { KeyedTable, Operator, OperatorContext, OperatorDefinition, Timers } from "../../contracts/operator.ts";
import { plainSerializer } from "../../keyed/state-codec.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";

/** What a record of a probe may do and see. */
export interface Probe {
  readonly table: KeyedTable<unknown>;
  readonly timers: Timers;
  readonly watermarkMs: number;
  /** Writes a line of the case's log. */
  readonly log: (...line: readonly unknown[]) => void;
}

/** What happens to the operator, in order. */
export type ProbeStep =
  /** A record with this event time (0 where none is given) runs `act`. Afterwards the watermark is the greatest time so far, minus 1. */
  | { readonly act: (probe: Probe) => void; readonly timeMs?: number; readonly key?: unknown }
  /** Processing time moves on. */
  | { readonly passMs: number }
  /** Its state is stored, and another instance goes on. */
  | "restart";

/** Runs a probe through steps. It is created anew by every restart. */
export interface OperatorHost {
  run(definition: OperatorDefinition<object>, steps: readonly ProbeStep[]): Promise<void>;
}

/** What the suite needs of whatever runs operators. */
export interface OperatorContextHarness {
  create(): OperatorHost;
  /** The key group of a key, where state lies in key groups. @defaultValue all keys are in one */
  readonly groupOf?: (key: unknown) => number;
}

type Line = readonly unknown[];

/** Checks the tables and timers that operators are given. */
export function operatorContextConformance(harness: OperatorContextHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => new ContextTrial(harness));
  addTables(suite, harness);
  addTimers(suite);
  return suite.cases;
}

const keys: readonly unknown[] = ["LAX", "a", 7, -1.5, true, null, [1, "x"], { b: 1, a: "y" }, new Uint8Array([1]), "JFK", 12n, "z"];

function addTables(suite: SuiteBuilder<ContextTrial>, { groupOf = () => 0 }: OperatorContextHarness): void {
  suite.add(["TBL-1", "`edit` answers the live value: what is changed in it is kept and stored"], async (t) => {
    await t.run([
      { act: ({ table }) => table.set(0, "k", { count: 1 }) },
      { act: ({ table }) => void ((table.edit(0, "k") as { count: number }).count += 1) },
      { act: ({ table, log }) => log(table.get(0, "k"), table.edit(0, "other"), table.get(1, "k")) },
      "restart",
      { act: ({ table, log }) => log(table.get(0, "k")) },
    ]);
    t.expect([[{ count: 2 }, undefined, undefined], [{ count: 2 }]]);
  });

  suite.add(["TBL-2", "keys are visited by key group, then by first insertion, also after a restart"], async (t) => {
    const visit = ({ table, log }: Probe): void => {
      const seen: unknown[] = [];
      table.forEach(0, (key, value) => seen.push([key, value]));
      log(...seen);
    };
    const fill = keys.map((key, i): ProbeStep => ({ act: ({ table }) => table.set(0, key, i), key }));
    const again: ProbeStep = { act: ({ table }) => table.set(0, keys[3], 3), key: keys[3] };
    await t.run([...fill, again, { act: visit }, "restart", { act: visit }]);
    const expected = keys.map((key, i): [unknown, number] => [key, i]).sort(([a, i], [b, j]) => groupOf(a) - groupOf(b) || i - j);
    t.expect([expected, expected]);
  });

  suite.add(["TBL-2", "entries may be deleted while they are visited"], async (t) => {
    await t.run([
      ...keys.map((key): ProbeStep => ({ act: ({ table }) => table.set(5, key, 1), key })),
      {
        act: ({ table, log }) => {
          let seen = 0;
          table.forEach(5, (key) => {
            seen++;
            table.delete(5, key);
          });
          log(seen, table.count(5), table.namespaces());
        },
      },
    ]);
    t.expect([[keys.length, 0, []]]);
  });

  suite.add(["TBL-3", "namespaces are ascending, and `drop` removes one whole"], async (t) => {
    await t.run([
      ...[7, -3, 1e12, 0].map((namespace): ProbeStep => ({ act: ({ table }) => table.set(namespace, "k", namespace), key: "k" })),
      { act: ({ table, log }) => log(table.namespaces()), key: "k" },
      "restart",
      { act: ({ table }) => table.drop(7), key: "k" },
      { act: ({ table, log }) => log(table.namespaces(), table.get(7, "k"), table.get(-3, "k")), key: "k" },
    ]);
    t.expect([[[-3, 0, 7, 1e12]], [[-3, 0, 1e12], undefined, -3]]);
  });

  suite.add(["TBL-4", "keys are equal as the type table says, and different where it says so"], async (t) => {
    const pairs: readonly (readonly [unknown, unknown, boolean])[] = [
      [NaN, NaN, true], [-0, 0, true], [1n, 1, true], [null, undefined, true], [{ a: 1, b: 2 }, { b: 2, a: 1 }, true], [{ a: 1 }, { a: 1, b: null }, true],
      [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true], [[1, "a"], [1, "a"], true], [1, "1", false], [true, 1, false], ["", null, false], [[1], "1", false], [{ a: 1 }, { a: "1" }, false],
    ];
    await t.run([
      ...pairs.map(([one, other], i): ProbeStep => ({
        act: ({ table, log }) => {
          table.set(i, one, "held");
          log(table.get(i, other) === "held");
        },
        key: one,
      })),
      "restart",
      ...pairs.map(([one, other], i): ProbeStep => ({ act: ({ table, log }) => log(table.get(i, one), table.get(i, other) === "held"), key: one })),
    ]);
    t.expect([...pairs.map(([, , equal]) => [equal]), ...pairs.map(([, , equal]) => ["held", equal])]);
  });
}

function addTimers(suite: SuiteBuilder<ContextTrial>): void {
  suite.add(["TMR-1", "timers fire when the watermark reaches them, in order of time, then of namespace; one set twice fires once"], async (t) => {
    await t.run([
      {
        act: ({ timers }) => {
          for (const [timeMs, namespace] of [[30, 1], [20, 9], [20, 2], [10, 5], [20, 2], [99, 1], [25, 3]] as const) timers.setEvent(timeMs, namespace);
          timers.clearEvent(25, 3);
        },
      },
      { act: ({ log, watermarkMs }) => log("at", watermarkMs), timeMs: 20 },
      { act: ({ log, watermarkMs }) => log("at", watermarkMs), timeMs: 31 },
      { act: ({ log, watermarkMs }) => log("at", watermarkMs), timeMs: 31 },
    ]);
    t.expect([["at", -1], ["timer", 10, 5], ["at", 19], ["timer", 20, 2], ["timer", 20, 9], ["timer", 30, 1], ["at", 30]]);
  });

  suite.add(["TMR-2", "timers of keys are stored, timers of namespaces are not"], async (t) => {
    await t.run([
      {
        act: ({ timers }) => {
          timers.setEvent(10, 1);
          timers.setEventForKey(10, "a");
          timers.setEventForKey(20, "b");
          timers.setEventForKey(20, "c");
          timers.clearEventForKey(20, "c");
        },
      },
      "restart",
      { act: ({ timers }) => timers.setEventForKey(20, "b"), timeMs: 5 },
      { act: () => undefined, timeMs: 50 },
      { act: () => undefined, timeMs: 60 },
    ]);
    t.expect([["key", 10, "a"], ["key", 20, "b"]]);
  });

  suite.add(["TMR-3", "a timer that is due already fires before the next record"], async (t) => {
    await t.run([
      { act: () => undefined, timeMs: 100 },
      {
        act: ({ timers, log }) => {
          timers.setEvent(50, 1);
          timers.setEvent(99, 2);
          log("set");
        },
        timeMs: 100,
      },
      { act: ({ log }) => log("next"), timeMs: 100 },
    ]);
    t.expect([["set"], ["timer", 50, 1], ["timer", 99, 2], ["next"]]);
  });

  suite.add(["TMR-3", "a timer that is set while timers fire takes its place in their order"], async (t) => {
    let isSet = false;
    await t.run(
      [
        { act: ({ timers }) => [10, 40].forEach((timeMs) => timers.setEvent(timeMs, 1)) },
        { act: () => undefined, timeMs: 100 },
        { act: () => undefined, timeMs: 100 },
      ],
      (timeMs, timers) => {
        if (timeMs !== 10 || isSet) return;
        isSet = true;
        for (const later of [30, 20, 10]) timers.setEvent(later, 2);
      },
    );
    t.expect([["timer", 10, 1], ["timer", 10, 2], ["timer", 20, 2], ["timer", 30, 2], ["timer", 40, 1]]);
  });

  suite.add(["TMR-4", "a processing timer fires when processing time has come, and not before"], async (t) => {
    let startMs = 0;
    await t.run(
      [
        { act: ({ timers }) => [50, 20].forEach((inMs) => timers.setProcessing(startMs + inMs, inMs)) },
        { passMs: 19 },
        { act: ({ log }) => log("19") },
        { passMs: 1 },
        { act: ({ log }) => log("20") },
        { passMs: 100 },
        { act: ({ log }) => log("120") },
      ],
      undefined,
      (nowMs) => (startMs = nowMs),
    );
    t.expect([["19"], ["processing", 20], ["20"], ["processing", 50], ["120"]]);
  });
}

/** One probe and its log. */
class ContextTrial {
  readonly #host: OperatorHost;
  readonly #lines: Line[] = [];

  constructor(harness: OperatorContextHarness) {
    this.#host = harness.create();
  }

  run(steps: readonly ProbeStep[], onTimer?: (timeMs: number, timers: Timers) => void, created?: (nowMs: number) => void): Promise<void> {
    const log = (...line: Line): void => void this.#lines.push(structuredClone(line));
    return this.#host.run(probe({ log, ...(onTimer === undefined ? {} : { onTimer }), ...(created === undefined ? {} : { created }) }), steps);
  }

  expect(lines: readonly Line[]): void {
    assert.deepEqual(this.#lines, lines);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

interface ProbeParts {
  log(this: void, ...line: Line): void;
  readonly onTimer?: (timeMs: number, timers: Timers) => void;
  readonly created?: (nowMs: number) => void;
}

/** An operator whose records are what it does. */
function probe({ log, onTimer, created }: ProbeParts): OperatorDefinition<object> {
  return {
    type: "probe",
    shape: (_config, [input]) => ({
      outputs: { main: { schema: undefined, key: input?.key, time: true, changes: "insert" } },
      reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "probe",
    }),
    create(_config, { state, timers, time, clock }: OperatorContext): Operator {
      created?.(clock.nowMs());
      const table = state.table<unknown>("table", plainSerializer());
      return {
        inputs: [(act) => (act as (probe: Probe) => void)({ table, timers, watermarkMs: time.watermarkMs, log })],
        onTimer(timeMs, namespace) {
          log("timer", timeMs, namespace);
          onTimer?.(timeMs, timers);
        },
        onKeyTimer: (timeMs, key) => log("key", timeMs, key),
        onProcessingTimer: (_timeMs, namespace) => log("processing", namespace),
      };
    },
  };
}
