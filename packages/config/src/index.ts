// Named exports only.
export { ConfigError, renderDiagnostics } from "./diagnostic.ts";
export type { Diagnostic } from "./diagnostic.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { formatSize, parseSize } from "./size.ts";
export { formatDataType, parseDataType } from "./schema.ts";
