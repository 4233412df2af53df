// The pipeline that users build: sources, stages and sinks, checked as they are added.
// Rows: S1, S4, S6, S7, S8, S20. A pipeline opens nothing and runs nothing until it is executed or run.
import type { FunctionTable, Shape } from "./contracts/operator.ts";
import type { Sink } from "./contracts/sink.ts";
import type { Source } from "./contracts/source.ts";
import { executePlan, inputSource } from "./engine/execute.ts";
import { StreamFlowError, toStreamFlowError } from "./errors.ts";
import { standardFunctionTable } from "./plan/function-table.ts";
import type { LogicalPlan, PipelineConfig } from "./plan/logical-plan.ts";
import { PlanBuilder, type Tail } from "./plan/plan-builder.ts";
import { isCheckedByPlan, type Stage } from "./stage.ts";

/** What may be said of a node when it is added. */
export interface NodeOptions {
  /** Stable name of the node: it names its state, metrics and dead letters. @defaultValue its type, with a number where that is taken */
  readonly id?: string;
}

/** What may be said of a pipeline besides its configuration. */
export interface PipelineOptions {
  /** Functions that expressions may call. @defaultValue the standard functions (docs/expressions.md) */
  readonly functions?: FunctionTable;
}

/**
 * A pipeline under construction.
 *
 * `In` is what `execute` takes (or what the source gives), `Out` what the last stage gives. Every adding method checks what it adds against
 * what is there, changes the pipeline, and returns it: chained and statement style both work.
 *
 * @example
 * ```ts
 * const doubled = new Pipeline<number>({ name: "doubled" }).addStage({
 *   validate() {},
 *   async *process(stream: AsyncIterable<number>) {
 *     for await (const value of stream) yield value * 2;
 *   },
 * });
 * await Array.fromAsync(doubled.execute([1, 2, 3])); // => [2, 4, 6]
 * ```
 */
export class Pipeline<In = unknown, Out = In> {
  readonly config: PipelineConfig;
  readonly #builder: PlanBuilder;
  /** Where the next stage is added; several after a union. */
  #tails: readonly Tail[];
  #isSealed = false;

  constructor(config: PipelineConfig, options: PipelineOptions = {}, view?: PipelineView) {
    if (typeof config.name !== "string" || config.name === "") throw new StreamFlowError("SF_CONFIG_INVALID", "a pipeline needs a name", { hint: '{ name: "orders" }' });
    this.config = config;
    this.#builder = view?.builder ?? new PlanBuilder(config, options.functions ?? standardFunctionTable);
    this.#tails = view?.tails ?? [];
  }

  /**
   * Reads from a source. A pipeline without one is fed by `execute`.
   * @throws {@link StreamFlowError} SF_PIPELINE_SEALED after the first execute; SF_PLAN_INVALID when stages were added before.
   */
  from<Read>(source: Source<Read>, options: NodeOptions = {}): Pipeline<Read, Read> {
    this.#checkOpen("from");
    if (this.#tails.length > 0) throw new StreamFlowError("SF_PLAN_INVALID", `pipeline "${this.config.name}" already has a source`, { hint: "build the other source as a pipeline of its own, and union or join them" });
    this.#tails = [this.#builder.addSource(source, options.id)];
    return this as unknown as Pipeline<Read, Read>;
  }

  /**
   * Checks a stage against the records so far and appends it.
   * @throws {@link StreamFlowError} SF_PIPELINE_SEALED after the first execute; else what the stage or the planner found, naming both nodes.
   */
  addStage<Next>(stage: Stage<Out, Next>, options: NodeOptions = {}): Pipeline<In, Next> {
    this.#checkOpen("addStage");
    const tails = this.#ensureTails();
    this.#tails = [this.#addChecked(stage as Stage<unknown, unknown>, tails, options.id)];
    return this as unknown as Pipeline<In, Next>;
  }

  /** Writes the records so far into a sink. The pipeline goes on behind it with the same records. */
  to(sink: Sink<Out>, options: NodeOptions = {}): this {
    this.#checkOpen("to");
    this.#builder.addSink(sink as Sink, this.#ensureTails(), options.id);
    return this;
  }

  /** Lets `build` add stages and sinks behind this point, beside what follows. */
  branch(build: (branch: Pipeline<In, Out>) => unknown): this {
    this.#checkOpen("branch");
    build(new Pipeline<In, Out>(this.config, {}, { builder: this.#builder, tails: this.#ensureTails() }));
    return this;
  }

  /** Lets `build` add stages and sinks behind a side output of the last stage, such as "late" or "rejected". */
  side<Side = unknown>(output: string, build: (side: Pipeline<In, Side>) => unknown): this {
    this.#checkOpen("side");
    const tails = this.#ensureTails().map((tail) => this.#builder.tail(tail.node, output));
    build(new Pipeline<In, Side>(this.config, {}, { builder: this.#builder, tails }));
    return this;
  }

  /** Merges the records of other pipelines into this one. Order is kept per input only. */
  union(...others: readonly Pipeline<never, Out>[]): this {
    this.#checkOpen("union");
    const tails = [...this.#ensureTails()];
    for (const other of others) tails.push(...this.#absorb(other));
    this.#tails = tails;
    return this;
  }

  /** Joins with another pipeline by a stage with the inputs "left" (this one) and "right". */
  join<Right, Next>(right: Pipeline<never, Right>, stage: Stage<Out, Next>, options: NodeOptions = {}): Pipeline<In, Next> {
    this.#checkOpen("join");
    const inputs = { left: this.#ensureTails(), right: this.#absorb(right) };
    this.#tails = [this.#append(stage as Stage<unknown, unknown>, inputs, options.id)];
    return this as unknown as Pipeline<In, Next>;
  }

  /** The plan so far, as data. */
  plan(): LogicalPlan {
    return this.#builder.build();
  }

  /** What is known of the records so far. */
  get shape(): Shape {
    const [tail] = this.#ensureTails();
    return this.#builder.shapeOf(tail!);
  }

  /**
   * Runs the stages over any iterable, in this process, without checkpoints: for tests, scripts and request handlers.
   *
   * Nothing is read until the result is pulled from; each pull reads only as much as it takes to answer. Ending the result early ends the source. A value that
   * a stage cannot process throws.
   * @throws {@link StreamFlowError} SF_PLAN_INVALID when the pipeline has a source or sinks of its own (then `run` is meant).
   */
  execute(source: AsyncIterable<In> | Iterable<In>): AsyncGenerator<Out> {
    // Sealed now, not at the first pull: what is pulled later is what was executed.
    this.#isSealed = true;
    const tails = this.#ensureTails();
    return executePlan<Out>({ plan: this.plan(), tails, functions: this.#builder.functions, source });
  }

  #checkOpen(method: string): void {
    if (this.#isSealed) throw new StreamFlowError("SF_PIPELINE_SEALED", `${method}: pipeline "${this.config.name}" has been executed`);
  }

  #ensureTails(): readonly Tail[] {
    if (this.#tails.length === 0) this.#tails = [this.#builder.addSource(inputSource, "input")];
    return this.#tails;
  }

  /** What the plan checks by itself is asked of the stage only where the plan refuses it: the stage says more. */
  #addChecked(stage: Stage, tails: readonly Tail[], id: string | undefined): Tail {
    if (!isCheckedByPlan(stage)) this.#validate(stage, tails, id);
    try {
      return this.#append(stage, { main: tails }, id);
    } catch (thrown) {
      if (isCheckedByPlan(stage)) this.#validate(stage, tails, id);
      throw thrown;
    }
  }

  #validate(stage: Stage<unknown, unknown>, tails: readonly Tail[], id: string | undefined): void {
    const [tail] = tails;
    try {
      stage.validate(this.config, this.#builder.shapeOf(tail!));
    } catch (thrown) {
      const name = id ?? stage.operator?.description.id ?? stage.operator?.description.type ?? "stage";
      const error = toStreamFlowError(thrown, "SF_PIPELINE_STAGE_REJECTED", "refused");
      throw new StreamFlowError(error.code, `stage "${name}" behind "${tail?.node}": ${error.message}`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    }
  }

  #append(stage: Stage<unknown, unknown>, inputs: Readonly<Record<string, readonly Tail[]>>, id: string | undefined): Tail {
    const { operator } = stage;
    if (operator !== undefined) return this.#builder.addStage(operator, inputs, id);
    const bridge = (stream: AsyncIterable<unknown>): AsyncIterable<unknown> => stage.process(stream);
    return this.#builder.addStage({ description: { type: "stage", config: {} }, bridge }, inputs, id);
  }

  #absorb<Other>(other: Pipeline<never, Other>): readonly Tail[] {
    const foreign = other as unknown as Pipeline<unknown, unknown>;
    this.#builder.merge(foreign.#builder);
    foreign.#isSealed = true;
    return foreign.#ensureTails();
  }
}

/** A place inside a pipeline that is being built. @internal */
export interface PipelineView {
  readonly builder: PlanBuilder;
  readonly tails: readonly Tail[];
}
