// What a test has threads run: the sum of the records' numbers, with their event times.
import type { OperatorDefinition } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import type { AnyOperatorDefinition } from "../registry.ts";

const addUp: OperatorDefinition<object> = {
  type: "addUp",
  shape: (_config, [input]) => ({ outputs: { main: input! }, reads: ["all"], forwards: false, deterministic: true, stateful: true, addsUp: true, summary: "addUp" }),
  create(_config, context) {
    const { cursor, time, emit, timers } = context;
    let numbers: number[] = [];
    const push = (record: unknown): void => {
      const { n } = record as { readonly n: unknown };
      if (n === "emit") emit(record);
      else if (n === "reject") context.reject(new StreamFlowError("SF_STAGE_FAILED", "refused"), record);
      else if (n === "throw") throw new StreamFlowError("SF_INTERNAL", "broken");
      else numbers.push(n as number, cursor.timestampMs, time.watermarkMs);
      timers.setEvent(0, 0);
    };
    return {
      inputs: [push],
      onTimer: () => void numbers.push(NaN),
      totals: {
        take() {
          const taken = numbers;
          numbers = [];
          return taken[0] === -1 ? undefined : { dueMs: 5, content: Float64Array.from(taken) };
        },
        add: () => false,
      },
    };
  },
};

export const threadOperators: readonly AnyOperatorDefinition[] = [addUp];
