// Named exports only.
export { main, version } from "./main.ts";
export type { CliContext, GlobalOptions, SetValues } from "./cli-context.ts";
export { exitCodeOf, exitCodes, exitCodeTable } from "./exit-codes.ts";
export type { ExitCode } from "./exit-codes.ts";
export { createProgram } from "./program.ts";
export type { Handlers } from "./program.ts";
export type { TextStream } from "./terminal.ts";
