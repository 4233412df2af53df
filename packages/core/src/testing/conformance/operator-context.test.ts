// Tables and timers as operators see them: in the harness, in the engine with one partition, and behind an exchange.
import { describe, expect, it } from "vitest";
import type { OperatorDefinition } from "../../contracts/operator.ts";
import { eventTimeOperator } from "../../engine/event-time.ts";
import { keyGroupOf } from "../../keyed/key-group.ts";
import { standardFunctionTable } from "../../plan/function-table.ts";
import { PlanBuilder } from "../../plan/plan-builder.ts";
import { PipelineDriver } from "../driver.ts";
import { OperatorHarness } from "../operator-harness.ts";
import { registerConformance } from "./case.ts";
import { failing } from "./failing.fixture.ts";
import { operatorContextConformance, type OperatorHost, type ProbeStep } from "./operator-context.ts";

const alone: OperatorHost = {
  async run(definition, steps) {
    let harness = new OperatorHarness(definition, {});
    let nowMs = 0;
    for (const step of steps) {
      if (step === "restart") harness = new OperatorHarness(definition, {}, { from: harness.snapshot() });
      else if ("passMs" in step) harness.advanceClock((nowMs += step.passMs));
      else harness.push(step.act, { timestampMs: step.timeMs ?? 0, key: step.key ?? "k" }).advanceWatermark((step.timeMs ?? 0) - 1);
    }
  },
};

type Record = Exclude<ProbeStep, "restart" | { passMs: number }>;

function opening(coPartitioned: boolean): OperatorDefinition<object> {
  return {
    type: "opening",
    shape: () => ({
      outputs: { main: { schema: undefined, key: { type: undefined, fields: undefined, coPartitioned }, time: true, changes: "insert" } },
      reads: ["all"], forwards: false, deterministic: true, stateful: false, summary: "probes",
    }),
    create: (_config, { cursor, emit }) => ({
      inputs: [
        (record) => {
          cursor.key = (record as Record).key ?? "k";
          emit((record as Record).act);
        },
      ],
    }),
  };
}

function engine(coPartitioned: boolean): OperatorHost {
  return {
    async run(definition, steps) {
      const driver = new PipelineDriver({
        build: (ends) => {
          const builder = new PlanBuilder({ name: "probes", checkpoint: { everyMs: 3_600_000 }, unboundedState: true }, standardFunctionTable);
          const time = { timestamp: (record: Record) => record.timeMs ?? 0, maxFutureMs: Infinity };
          const timed = builder.addStage({ definition: eventTimeOperator, description: { type: "eventTime", config: time } }, { main: [builder.addSource(ends.source(), "in")] }, "times");
          const opened = builder.addStage({ definition: opening(coPartitioned), description: { type: "opening", config: {} } }, { main: [timed] }, "records");
          builder.addSink(ends.sink(), [builder.addStage({ definition, description: { type: "probe", config: {} } }, { main: [opened] }, "probe")], "out");
          return builder.build();
        },
        // A plan over one partition has no exchange: the second one is empty.
        brokers: { in: { partitions: coPartitioned ? ["0"] : ["0", "empty"] } },
      });
      if (!coPartitioned) driver.broker().end("empty");
      await driver.start();
      const batch: Record[] = [];
      const flush = async (): Promise<void> => {
        driver.push(batch.splice(0));
        await driver.settle();
      };
      for (const step of steps) {
        if (typeof step === "object" && "act" in step) {
          batch.push(step);
          continue;
        }
        await flush();
        if (step === "restart") {
          await driver.checkpoint();
          await driver.restart();
        } else {
          await driver.advance(step.passMs);
        }
      }
      await flush();
      if (driver.failure() !== undefined) throw driver.failure();
    },
  };
}

describe("the operator harness", () => registerConformance(it, operatorContextConformance({ create: () => alone })));
describe("the engine", () => registerConformance(it, operatorContextConformance({ create: () => engine(true) })));
describe("the engine behind an exchange", () => registerConformance(it, operatorContextConformance({ create: () => engine(false), groupOf: keyGroupOf })));

describe("broken hosts", () => {
  const wrapped = (change: (steps: readonly ProbeStep[]) => readonly ProbeStep[], other: (definition: OperatorDefinition<object>) => OperatorDefinition<object> = (one) => one): OperatorHost => ({
    run: (definition, steps) => alone.run(other(definition), change(steps)),
  });
  const withContext = (change: (context: Parameters<OperatorDefinition<object>["create"]>[1]) => object): OperatorHost =>
    wrapped((steps) => steps, (definition) => ({ ...definition, create: (config, context) => definition.create(config, { ...context, ...change(context) }) }));

  const broken: readonly (readonly [string, string, OperatorHost])[] = [
    ["TBL-1", "gives copies", withContext(({ state }) => ({ state: { table: (...about: Parameters<typeof state.table>) => Object.assign(Object.create(state.table(...about) as object), { edit: () => ({ count: 0 }) }) as object } }))],
    ["TMR-1", "fires late", wrapped((steps) => steps.map((step) => (typeof step === "object" && "act" in step ? { ...step, timeMs: (step.timeMs ?? 0) - 15 } : step)))],
    ["TMR-2", "forgets key timers", withContext(({ timers }) => ({ timers: Object.assign(Object.create(timers) as object, { setEventForKey: () => undefined, setEvent: () => undefined, clearEvent: () => undefined, clearEventForKey: () => undefined }) }))],
    ["TMR-4", "fires processing timers early", wrapped((steps) => steps.map((step) => (typeof step === "object" && "passMs" in step ? { passMs: step.passMs + 1 } : step)))],
  ];
  it.each(broken)("%s: one that %s", async (id, _what, host) => {
    expect(await failing(operatorContextConformance({ create: () => host }), id)).toEqual(new Set([id]));
  });
});
