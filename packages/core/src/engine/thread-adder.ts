// Adds up the records that a thread has decoded (docs/adr/0007): the stages of the plan, over one range at a time. Loaded by such threads alone.
//   A1. The operators and their code are those of the pipeline's own thread. Only event time does not reach the one that adds up: nothing fires here, and nothing is late.
//   A2. A range in which anything happens but filtering, computing and adding has no totals.
import type { Cursor, Emit, Shape } from "../contracts/operator.ts";
import type { Adder } from "../contracts/thread-program.ts";
import { StreamFlowError } from "../errors.ts";
import { standardFunctionTable } from "../plan/function-table.ts";
import type { PhysicalNode } from "../plan/physical-plan.ts";
import type { AnyOperatorDefinition } from "../registry.ts";
import { eventTimeOperator } from "./event-time.ts";
import type { CodeTarget } from "./fuse.ts";
import { FusedTask } from "./fused-task.ts";
import { Gate } from "./gate.ts";
import { type InstanceHost, OperatorInstance } from "./instance.ts";
import { keyRules } from "./key-rules.ts";
import { ProcessingTimers } from "./processing-timers.ts";
import { quietClock, quietLogger, quietRandom, quietStages } from "./quiet.ts";

/** A stage, as data. */
export interface ThreadStage {
  readonly id: string;
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Exports `threadOperators`. */
  readonly module: string;
}

/** What an adder is made from. */
export interface AdderOptions {
  /** What the first stage is given. */
  readonly input: Shape;
  /** One after the other; the last one adds up. */
  readonly stages: readonly ThreadStage[];
  /** When the source was opened: what is too far ahead of that is left to the pipeline's thread, which has a clock. */
  readonly nowMs: number;
}

/** The operators of this package that threads run. */
export const threadOperators: readonly AnyOperatorDefinition[] = [eventTimeOperator];

/** Makes an adder. */
export async function adder({ input, stages, nowMs }: AdderOptions): Promise<Adder> {
  const definitions = await Promise.all(stages.map(({ type, module }) => definitionOf(type, module)));
  const range = new RangeAdder(entriesOf(stages, definitions, input), nowMs);
  return (batch) => range.add(batch);
}

async function definitionOf(type: string, module: string): Promise<AnyOperatorDefinition> {
  const { threadOperators: known } = (await import(module)) as { readonly threadOperators: readonly AnyOperatorDefinition[] };
  const definition = known.find((one) => one.type === type);
  if (definition === undefined) throw new StreamFlowError("SF_INTERNAL", `${module} has no operator "${type}"`);
  return definition;
}

/** The nodes as the planner finds them. */
function entriesOf(stages: readonly ThreadStage[], definitions: readonly AnyOperatorDefinition[], input: Shape): readonly PhysicalNode[] {
  let given = input;
  return stages.map(({ id, type, config }, at) => {
    const definition = definitions[at]!;
    const inputShapes = [given];
    const shape = definition.shape(config as never, inputShapes, { node: id, functions: standardFunctionTable });
    given = shape.outputs["main"]!;
    return { node: { id, named: true, kind: "stage", type, config, definition }, scope: "partition", source: undefined, inputShapes, shape, outputShapes: shape.outputs, incoming: [], outgoing: [], exchanged: false };
  });
}

class RangeAdder {
  readonly #cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  readonly #host: InstanceHost;
  /** Event time of the range in work. */
  readonly #time = new Gate();
  readonly #last: OperatorInstance;
  readonly #fused: FusedTask;
  /** Something else has happened than adding. */
  #isSpoiled = false;

  constructor(entries: readonly PhysicalNode[], nowMs: number) {
    const { signal } = new AbortController();
    const spoil = (): void => void (this.#isSpoiled = true);
    this.#host = {
      cursor: this.#cursor, clock: { ...quietClock, nowMs: () => nowMs }, random: quietRandom, logger: quietLogger, signal, functions: standardFunctionTable,
      asyncStages: quietStages(this.#cursor, signal), processingTimers: new ProcessingTimers(), reject: spoil,
    };
    const instances: OperatorInstance[] = [];
    const next = new Map<OperatorInstance, OperatorInstance>();
    for (const entry of entries.toReversed()) {
      const [before] = instances;
      const instance = this.#instance(entry, before, spoil);
      if (before !== undefined) next.set(instance, before);
      instances.unshift(instance);
    }
    const target = (instance: OperatorInstance): CodeTarget => ({ emit: instance.operator.inputs[0]!, instance });
    this.#last = instances.at(-1)!;
    this.#fused = new FusedTask({ entry: [target(instances[0]!)], targets: (instance) => (next.has(instance) ? [target(next.get(instance)!)] : [{ emit: spoil }]) }, this.#cursor);
  }

  #instance(entry: PhysicalNode, next: OperatorInstance | undefined, spoil: Emit): OperatorInstance {
    const isLast = next === undefined;
    const gate = isLast ? new Gate() : this.#time;
    const output = isLast ? new Gate() : this.#time;
    return new OperatorInstance(this.#host, {
      entry, gate, output, keys: keyRules(entry, "partition"), rejected: new Map(),
      next: (name) => (isLast || name !== "main" ? spoil : next.operator.inputs[0]!),
      emitAll: () => false,
    });
  }

  add(batch: Parameters<Adder>[0]): ReturnType<Adder> {
    const { totals } = this.#last.operator;
    if (totals === undefined) return undefined;
    this.#isSpoiled = false;
    this.#time.watermarkMs = -Infinity;
    try {
      if (!this.#fused.run(batch)) return undefined;
    } catch {
      // Told by the pipeline's thread, where it happens again.
      this.#isSpoiled = true;
    }
    const taken = totals.take();
    return this.#isSpoiled || taken === undefined ? undefined : { ...taken, watermarkMs: this.#time.watermarkMs };
  }
}
