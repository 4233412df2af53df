// Operators that break their promises: each is noticed by the case of its clause.
import { describe, expect, it } from "vitest";
import type { Operator, OperatorContext, OperatorDefinition } from "../../contracts/operator.ts";
import { StreamFlowError } from "../../errors.ts";
import { plainSerializer } from "../../keyed/state-codec.ts";
import { failing } from "./failing.fixture.ts";
import { operatorConformance } from "./operator.ts";
import type { OperatorRecord, OperatorSetup } from "./operator-trial.ts";

interface Config {
  readonly take: (value: number) => number;
}

const records: readonly OperatorRecord[] = Array.from({ length: 20 }, (_, i) => ({ value: i, timestampMs: i * 10, key: `k${i % 3}` }));

/** The running sum of each key; every so often, in event time, all sums. */
function definition(create: (config: Config, context: OperatorContext) => Operator, extra: Partial<OperatorDefinition<Config>> = {}): OperatorDefinition<Config> {
  return {
    type: "sum",
    shape: (_config, [input]) => ({
      outputs: { main: { schema: undefined, key: input?.key, time: true, changes: "insert" } },
      reads: ["all"], forwards: false, deterministic: true, stateful: true, needsKey: true, summary: "sum",
    }),
    create,
    ...extra,
  };
}

function sound({ take }: Config, { cursor, emit, state, timers, reject }: OperatorContext): Operator {
  const sums = state.table<number>("sums", plainSerializer());
  return {
    inputs: [
      (value) => {
        let taken: number;
        try {
          taken = take(value as number);
        } catch (error) {
          return reject(new StreamFlowError("SF_STAGE_FAILED", "take", { cause: error }), value);
        }
        const sum = (sums.get(0, cursor.key) ?? 0) + taken;
        sums.set(0, cursor.key, sum);
        timers.setEventForKey(Math.ceil(cursor.timestampMs / 50) * 50, cursor.key);
        emit(sum);
      },
    ],
    onKeyTimer(timeMs, key) {
      cursor.timestampMs = timeMs;
      emit({ key, sum: sums.get(0, key) });
    },
  };
}

function setup(one: OperatorDefinition<Config>, rest: Partial<OperatorSetup<Config>> = {}): OperatorSetup<Config> {
  const take = (value: number): number => {
    if (value % 5 === 3) throw new RangeError("no");
    return value;
  };
  return { definition: one, config: { take: (value) => value }, records, throwing: { config: { take }, throwsFor: ({ value }) => (value as number) % 5 === 3 }, ...rest };
}

let outside = 0;

const broken: readonly (readonly [string, string, OperatorSetup<Config>])[] = [
  ["ODF-1", "answers another shape each time", setup(definition(sound, {
    shape: () => ({ outputs: { main: { schema: undefined, key: undefined, time: true, changes: "insert" } }, reads: ["all"], forwards: false, deterministic: true, stateful: true, summary: `asked ${++outside} times` }),
  }))],
  ["ODF-2", "counts in a variable of all instances", setup(definition((_config, { emit }) => ({ inputs: [() => emit(++outside)] })))],
  ["OPR-1", "emits in a promise", setup(definition((_config, { emit }) => ({ inputs: [(value) => (emit(value), void Promise.resolve().then(() => emit("later")))] })))],
  ["OPR-2", "counts in a variable", setup(definition((_config, { emit }) => {
    let count = 0;
    return { inputs: [() => emit(++count)] };
  }))],
  ["OPR-2", "sets its timers for namespaces and does not set them again", setup(definition((_config, { emit, timers, cursor }) => ({
    inputs: [() => timers.setEvent(cursor.timestampMs + 55, 1)],
    onTimer: (timeMs) => emit(timeMs),
  })))],
  ["OPR-3", "has changed its state when the user function throws", setup(definition((config, context) => {
    const { cursor, emit, state, reject } = context;
    const counts = state.table<number>("counts", plainSerializer());
    return {
      inputs: [(value) => {
        const count = (counts.get(0, cursor.key) ?? 0) + 1;
        counts.set(0, cursor.key, count);
        try {
          config.take(value as number);
          emit(count);
        } catch (error) {
          reject(new StreamFlowError("SF_STAGE_FAILED", "take", { cause: error }), value);
        }
      }],
    };
  }))],
  ["OPR-3", "lets the user function fail the pipeline", setup(definition(({ take }, { emit }) => ({ inputs: [(value) => emit(take(value as number))] })))],
  ["OPR-4", "emits where a record stands in its batch", setup(definition((_config, { emit, cursor }) => ({ inputs: [() => emit(cursor.index)] })))],
  ["OPR-4", "emits random values", setup(definition((_config, { emit }) => ({ inputs: [() => emit(Math.random())] })))],
  ["OPR-5", "keeps no version of what it loads", setup(definition((config, context) => ({ ...sound(config, context), open: async () => undefined })), { readAll: () => [] })],
];

describe("broken operators", () => {
  it.each(broken)("%s: one that %s", async (id, _what, one) => {
    expect(await failing(operatorConformance(one), id)).toEqual(new Set([id]));
  });

  it("a sound one is not blamed", async () => {
    expect(await failing(operatorConformance(setup(definition(sound))))).toEqual(new Set());
  });
});
