// The public API of @streamflow/transform. Written by pnpm api:update.

export interface Aggregate<In = never, Out = unknown> extends AggregateCall {
    readonly implementation?: AggregateFunction<never, unknown, unknown>;
    readonly _in?: (record: In) => void;
    readonly _out?: Out;
}

export interface AggregateConfig {
    readonly aggregate: Aggregates;
    readonly changes?: "latest" | "updates";
    readonly ttlMs?: number;
}

export interface AggregateFunction<In, Acc, Out> {
    readonly name: string;
    readonly serializer: Serializer<Acc>;
    readonly type?: DataType;
    create(): Acc;
    add(accumulator: Acc, value: In, ordinal: number): Acc;
    merge(into: Acc, other: Acc): Acc;
    result(accumulator: Acc): Out;
}

export interface AggregateOptions extends StageOptions {
    readonly changes?: "latest" | "updates";
    readonly ttlMs?: number;
}

export interface AggregateSpec {
    readonly name: string;
    readonly summary: string;
    readonly signature: string;
    readonly example: string;
    readonly minArguments: number;
    readonly maxArguments: number;
    compile(arguments_: readonly Computed[]): CompiledAggregate;
}

export type Aggregates = Readonly<Record<string, Aggregate>>;

export type AggregatesIn<A extends Aggregates> = A[keyof A] extends {
    readonly _in?: (record: infer In) => void;
} ? In : unknown;

export type AggregatesOut<A extends Aggregates> = {
    readonly [Name in keyof A]: A[Name] extends {
        readonly _out?: infer Out;
    } ? Exclude<Out, undefined> : unknown;
};

export declare class AlignedWindows implements WindowAssigner {
    readonly kind: "tumbling" | "sliding";
    readonly sizeMs: number;
    readonly slideMs: number;
    readonly offsetMs: number;
    constructor(kind: "tumbling" | "sliding", bounds: SlidingTime);
    assign(timestampMs: number): readonly TimeWindow[];
    endOf(startMs: number): number;
    startOf(timestampMs: number): number;
}

export interface AsyncRetry extends BackoffPolicy {
    readonly maxAttempts?: number;
    readonly isRetryable?: (error: unknown) => boolean;
}

export interface CompiledAggregate {
    readonly function: AggregateFunction<unknown, unknown, unknown>;
    readonly fields: Projection;
    readonly numeric?: NumericSteps;
    input(record: unknown): unknown;
}

export type ComputedValue<C> = C extends (record: never) => infer Out ? Out : unknown;

export interface CountWindows {
    readonly kind: "tumblingCount" | "slidingCount";
    readonly count: number;
    readonly every: number;
}

export interface EarlyTriggers {
    readonly everyMs?: number;
    readonly everyProcessingMs?: number;
    readonly count?: number;
}

export type FieldName<In> = unknown extends In ? string : keyof In & string;

export interface FilterConfig {
    readonly where: Compute;
}

export type FiringCause = "early" | "onTime" | "late";

export interface FlatMapConfig {
    readonly to: Compute;
    readonly schema?: Schema;
}

export interface FlatMapOptions extends StageOptions {
    readonly schema?: Schema;
}

export interface GlobalWindows {
    readonly kind: "global";
}

export interface JoinResult<Left, Right, Join extends JoinType> {
    readonly windowStart: number;
    readonly windowEnd: number;
    readonly left: LeftOf<Left, Join>;
    readonly right: RightOf<Right, Join>;
}

export type JoinType = "inner" | "left" | "right" | "full";

export interface JoinWindow {
    readonly key: unknown;
    readonly startMs: number;
    readonly endMs: number;
}

export interface JoinedPair<Left, Right> {
    readonly left: Left;
    readonly right: Right;
}

export interface KeyByConfig {
    readonly key: Compute | readonly Compute[];
    readonly coPartitioned?: boolean;
}

export interface KeyByOptions extends StageOptions {
    readonly coPartitioned?: boolean;
}

export type KeyOf<In, Key> = Compute<In, Key> | FieldName<In> | readonly FieldName<In>[];

export interface LookupConfig {
    readonly source: Source;
    readonly sourceKey: Compute;
    readonly key: Compute;
    readonly as?: string;
    readonly select?: (record: never, found: never) => unknown;
    readonly required?: boolean;
    readonly onChange?: "warn" | "refuse";
}

export interface LookupOptions<In, Row, Name extends string, Out> extends StageOptions {
    readonly source: Source<Row>;
    readonly sourceKey: Compute<Row>;
    readonly key: Compute<In>;
    readonly as?: Name;
    readonly select?: (record: In, found: Row | null) => Out;
    readonly required?: boolean;
    readonly onChange?: "warn" | "refuse";
}

export interface MapAsyncConfig extends Omit<MapAsyncOptions, "id"> {
    readonly to: (record: never, signal: AbortSignal) => unknown;
}

export interface MapAsyncOptions extends StageOptions {
    readonly concurrency?: number;
    readonly ordered?: boolean;
    readonly timeoutMs?: number;
    readonly retry?: AsyncRetry;
    readonly schema?: Schema;
}

export interface MapConfig {
    readonly to: Compute;
    readonly schema?: Schema;
}

export interface MapOptions extends StageOptions {
    readonly schema?: Schema;
}

export interface ProjectConfig {
    readonly fields: Readonly<Record<string, Compute>>;
}

export interface ReduceConfig {
    readonly by: (soFar: never, record: never) => unknown;
    readonly ttlMs?: number;
}

export interface ReduceOptions extends StageOptions {
    readonly ttlMs?: number;
}

export interface SessionBounds {
    readonly gapMs: number;
    readonly maxCount?: number;
}

export interface SessionWindows extends SessionBounds {
    readonly kind: "session";
}

export interface SlidingCount extends TumblingCount {
    readonly every: number;
}

export interface SlidingTime extends TumblingTime {
    readonly slideMs: number;
}

export interface SplitConfig {
    readonly outputs: Readonly<Record<string, Compute>>;
    readonly mode?: "first" | "all";
}

export interface SplitOptions extends StageOptions {
    readonly mode?: "first" | "all";
}

export interface StageOptions {
    readonly id?: string;
}

export interface StreamJoinConfig {
    readonly beforeMs?: number;
    readonly afterMs?: number;
    readonly select?: (left: never, right: never) => unknown;
}

export interface StreamJoinOptions<Left, Right, Out> extends StageOptions {
    readonly beforeMs?: number;
    readonly afterMs?: number;
    readonly select?: (left: Left, right: Right) => Out;
}

export interface TimeWindow {
    readonly startMs: number;
    readonly endMs: number;
}

export interface TumblingCount {
    readonly count: number;
}

export interface TumblingTime {
    readonly sizeMs: number;
    readonly offsetMs?: number;
}

export type UnionConfig = Readonly<Record<never, never>>;

export interface WindowAssigner {
    readonly kind: string;
    assign(timestampMs: number): readonly TimeWindow[];
    endOf(startMs: number): number;
}

export interface WindowConfig {
    readonly window: Windows;
    readonly aggregate: Aggregates;
    readonly allowedLatenessMs?: number;
    readonly mode?: WindowMode;
    readonly early?: EarlyTriggers;
    readonly ttlMs?: number;
    readonly emitPartial?: boolean;
    readonly emit?: WindowEmit;
}

export type WindowEmit = (results: never, window: WindowInfo) => unknown;

export interface WindowInfo {
    readonly key: unknown;
    readonly startMs: number | null;
    readonly endMs: number | null;
    readonly cause: FiringCause;
}

export interface WindowJoinConfig {
    readonly window: Windows;
    readonly join?: JoinType;
    readonly allowedLatenessMs?: number;
    readonly select?: (left: never, right: never, window: JoinWindow) => unknown;
}

export interface WindowJoinOptions<Left, Right, Join extends JoinType, Out> extends StageOptions {
    readonly window: WindowAssigner;
    readonly join?: Join;
    readonly allowedLatenessMs?: number;
    readonly select?: (left: LeftOf<Left, Join>, right: RightOf<Right, Join>, window: JoinWindow) => Out;
}

export type WindowMode = "accumulating" | "discarding";

export interface WindowOptions<A extends Aggregates, Out = WindowResult<A>> extends StageOptions {
    readonly window: Windows;
    readonly aggregate: A;
    readonly allowedLatenessMs?: number;
    readonly mode?: WindowMode;
    readonly early?: EarlyTriggers;
    readonly ttlMs?: number;
    readonly emitPartial?: boolean;
    readonly emit?: (results: AggregatesOut<A>, window: WindowInfo) => Out;
}

export type WindowResult<A extends Aggregates> = {
    readonly windowStart: number;
    readonly windowEnd: number;
} & AggregatesOut<A>;

export type Windows = WindowAssigner | CountWindows | SessionWindows | GlobalWindows;

export declare function aggregate<const A extends Aggregates>(aggregates: A, options?: AggregateOptions): Stage<AggregatesIn<A>, AggregatesOut<A>>;

export declare const aggregateOperator: OperatorDefinition<AggregateConfig>;

export declare const aggregateTable: readonly AggregateSpec[];

export declare function aggregateWith<In, Value, Accumulator, Out>(fn: AggregateFunction<Value, Accumulator, Out>, of?: Compute<In, Value>): Aggregate<In, Out>;

export declare function avg<In, Value extends Numeric>(of: Compute<In, Value>): Aggregate<In, number | NullOf<Value>>;

export declare function collect(): Aggregate<unknown, readonly unknown[]>;

export declare function collect<In, Value>(of: Compute<In, Value>): Aggregate<In, readonly NonNullable<Value>[]>;

export declare function count(): Aggregate<unknown, number>;

export declare function count<In>(of: Compute<In>): Aggregate<In, number>;

export declare function filter<In>(where: Compute<In, boolean | null | undefined>, options?: StageOptions): Stage<In, In>;

export declare const filterOperator: OperatorDefinition<FilterConfig>;

export declare function first<In, Value>(of: Compute<In, Value>, by?: Compute<In>): Aggregate<In, NonNullable<Value> | NullOf<Value>>;

export declare function flatMap<In, Out>(to: Compute<In, Iterable<Out> | null | undefined>, options?: FlatMapOptions): Stage<In, Out>;

export declare const flatMapOperator: OperatorDefinition<FlatMapConfig>;

export declare function global(): GlobalWindows;

export declare function keyBy<In, Key = unknown>(key: KeyOf<In, Key>, options?: KeyByOptions): Stage<In, In>;

export declare const keyByOperator: OperatorDefinition<KeyByConfig>;

export declare function last<In, Value>(of: Compute<In, Value>, by?: Compute<In>): Aggregate<In, NonNullable<Value> | NullOf<Value>>;

export declare function lookup<In, Row, Name extends string = "match", Out = In & {
    readonly [K in Name]: Row | null;
}>(options: LookupOptions<In, Row, Name, Out>): Stage<In, Out>;

export declare const lookupOperator: OperatorDefinition<LookupConfig>;

export declare function map<In, Out>(to: Compute<In, Out>, options?: MapOptions): Stage<In, Out>;

export declare function mapAsync<In, Out>(to: (record: In, signal: AbortSignal) => Promise<Out> | Out, options?: MapAsyncOptions): Stage<In, Out>;

export declare const mapAsyncOperator: OperatorDefinition<MapAsyncConfig>;

export declare const mapOperator: OperatorDefinition<MapConfig>;

export declare function max<In, Value>(of: Compute<In, Value>): Aggregate<In, NonNullable<Value> | NullOf<Value>>;

export declare function min<In, Value>(of: Compute<In, Value>): Aggregate<In, NonNullable<Value> | NullOf<Value>>;

export declare function project<Fields extends ProjectConfig["fields"]>(fields: Fields, options?: StageOptions): Stage<FieldsIn<Fields>, {
    readonly [Name in keyof Fields]: ComputedValue<Fields[Name]>;
}>;

export declare const projectOperator: OperatorDefinition<ProjectConfig>;

export declare function quantile<In, Value extends Numeric>(of: Compute<In, Value>, q: number): Aggregate<In, number | NullOf<Value>>;

export declare function reduce<In>(by: (soFar: In, record: In) => In, options?: ReduceOptions): Stage<In, In>;

export declare const reduceOperator: OperatorDefinition<ReduceConfig>;

export declare function session(bounds: SessionBounds): SessionWindows;

export declare function sliding(bounds: SlidingTime): AlignedWindows;

export declare function sliding(bounds: SlidingCount): CountWindows;

export declare function split<In>(outputs: Readonly<Record<string, Compute<In, boolean | null | undefined>>>, options?: SplitOptions): Stage<In, In>;

export declare const splitOperator: OperatorDefinition<SplitConfig>;

export declare function streamJoin<Left, Right, Out = JoinedPair<Left, Right>>(options?: StreamJoinOptions<Left, Right, Out>): Stage<Left, Out>;

export declare const streamJoinOperator: OperatorDefinition<StreamJoinConfig>;

export declare function sum<In, Value extends Numeric>(of: Compute<In, Value>): Aggregate<In, Number_<Value> | NullOf<Value>>;

export declare function topN<In, Value = In>(n: number, by: Compute<In>, of?: Compute<In, Value>): Aggregate<In, readonly Value[]>;

export declare const transformComponents: readonly ComponentSpec<"stage">[];

export declare const transformOperators: readonly AnyOperatorDefinition[];

export declare function tumbling(bounds: TumblingTime): AlignedWindows;

export declare function tumbling(bounds: TumblingCount): CountWindows;

export declare function union<In>(options?: StageOptions): Stage<In, In>;

export declare const unionOperator: OperatorDefinition<UnionConfig>;

export declare function window<const A extends Aggregates, Out = WindowResult<A>>(options: WindowOptions<A, Out>): Stage<AggregatesIn<A>, Out>;

export declare function windowJoin<Left, Right, const Join extends JoinType = "inner", Out = JoinResult<Left, Right, Join>>(options: WindowJoinOptions<Left, Right, Join, Out>): Stage<Left, Out>;

export declare const windowJoinOperator: OperatorDefinition<WindowJoinConfig>;

export declare const windowOperator: OperatorDefinition<WindowConfig>;
