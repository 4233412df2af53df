// A logger that keeps what it is told.
import type { Logger } from "../contracts/environment.ts";

/** One call of a logger. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger for tests. */
export interface RecordingLogger extends Logger {
  readonly lines: readonly LogLine[];
}

/** Makes a logger that keeps every line, of every level. */
export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = [];
  const log = (level: LogLine["level"]) => (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    lines.push({ level, message, fields: copyOf(fields) });
  };
  return { lines, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

/** The fields as they are now. Their values are kept as they are, so that a test finds the error that was logged. */
function copyOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return Object.fromEntries(Object.keys(fields).map((name) => [name, valueOf(fields, name)]));
  } catch {
    return { fields: "[unreadable]" };
  }
}

function valueOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return fields[name];
  } catch {
    return "[unreadable]";
  }
}
