// Named exports only.
export { loadPipeline, parsePipeline } from "./parser.ts";
export type { LoadOptions, ParseOptions } from "./parser.ts";
export { parseComponent } from "./parse-component.ts";
export { buildPlan } from "./plan.ts";
export { redactSecrets } from "./spec.ts";
export type { InputSpec, NodeSpec, PipelineSpec } from "./spec.ts";
export { ConfigError, renderDiagnostics } from "./diagnostic.ts";
export type { Diagnostic } from "./diagnostic.ts";
export { readReferencedFiles } from "./environment.ts";
export type { ReferencedFilesOptions } from "./environment.ts";
export { pipelineJsonSchema } from "./json-schema.ts";
export type { JsonSchema } from "./json-schema.ts";
export { referenceDocs } from "./reference.ts";
export { parseAggregate, parseExpression } from "./expression.ts";
export type { ParseExpressionOptions } from "./expression.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { formatSize, parseSize } from "./size.ts";
export { formatDataType, parseDataType } from "./schema.ts";
