// The public API of @streamflow/config. Written by pnpm api:update.

export declare class ConfigError extends StreamFlowError {
    readonly diagnostics: readonly Diagnostic[];
    constructor(diagnostics: readonly Diagnostic[]);
}

export interface Diagnostic {
    readonly code: AnyErrorCode;
    readonly message: string;
    readonly location: SourceLocation;
    readonly hint?: string;
}

export interface InputSpec {
    readonly input: string;
    readonly node: string;
    readonly output: string;
    readonly location: SourceLocation;
}

export type JsonSchema = {
    readonly [keyword: string]: unknown;
};

export interface LoadOptions {
    readonly registry: Registry;
    readonly disk: Disk;
    readonly secrets?: Secrets;
}

export interface NodeSpec {
    readonly id: string;
    readonly named: boolean;
    readonly kind: "source" | "stage" | "sink";
    readonly type: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly inputs: readonly InputSpec[];
    readonly location: SourceLocation;
}

export interface ParseExpressionOptions {
    readonly locate?: (offset: number) => SourceLocation;
}

export interface ParseOptions {
    readonly registry: Registry;
    readonly file?: string;
    readonly folder?: string;
    readonly secrets?: Secrets;
    readonly files?: ReadonlyMap<string, string>;
}

export interface PipelineSpec {
    readonly config: PipelineConfig;
    readonly nodes: readonly NodeSpec[];
    readonly folder: string;
}

export interface ReferencedFilesOptions {
    readonly disk: Disk;
    readonly secrets: Secrets;
    readonly folder: string;
}

export declare function buildPlan(spec: PipelineSpec, registry: Registry): LogicalPlan;

export declare function componentDocs(spec: ComponentSpec): string;

export declare const configFunctions: FunctionTable;

export declare function formatDataType(type: DataType): string;

export declare function formatDuration(durationMs: number): string;

export declare function formatSize(bytes: number): string;

export declare function loadPipeline(path: string, options: LoadOptions): Promise<PipelineSpec>;

export declare function parseAggregate(text: string, options?: ParseExpressionOptions): AggregateCall;

export declare function parseComponent(kind: ComponentKind, text: string, options: ParseOptions): ComponentReference;

export declare function parseDataType(text: string): DataType;

export declare function parseDuration(text: string): number;

export declare function parseExpression(text: string, options?: ParseExpressionOptions): Expression;

export declare function parsePipeline(text: string, options: ParseOptions): PipelineSpec;

export declare function parseSize(text: string): number;

export declare function pipelineJsonSchema(registry: Registry): JsonSchema;

export declare function readReferencedFiles(text: string, options: ReferencedFilesOptions): Promise<ReadonlyMap<string, string>>;

export declare function redactSecrets(spec: PipelineSpec, text: string): string;

export declare function referenceDocs(registry: Registry): string;

export declare const regexFunctions: readonly ExpressionFunction[];

export declare function renderDiagnostics(diagnostics: readonly Diagnostic[]): string;
