// The process around the command, as an object: bin.ts makes the real one.
import type { ExitCode } from "./exit-codes.ts";
import type { TextStream } from "./terminal.ts";

/** What the command may touch of its process. */
export interface CliContext {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The folder that the command was started in; absolute. */
  readonly folder: string;
  /** Calls back at every SIGINT and SIGTERM, and when the reader of standard output has gone away, until the answer is called. */
  onInterrupt(run: () => void): () => void;
  /** Calls back again and again, and keeps the process alive, until the answer is called. */
  every(intervalMs: number, run: () => void): () => void;
  /** Ends the process at once. */
  exit(code: ExitCode): void;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly host?: string;
  readonly data?: string;
  readonly json?: boolean;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly color: boolean;
  readonly debug?: boolean;
}

/** The values of `--set name=value`. */
export type SetValues = Readonly<Record<string, string>>;
