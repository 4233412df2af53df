// Loggers that write lines to a stream: text for people, JSON for programs.
import type { Clock, Logger } from "../contracts/environment.ts";
import { logFields } from "./log-value.ts";
import type { Redactor } from "./redactor.ts";

const levels = ["debug", "info", "warn", "error"] as const;

/** How important a line is. */
export type LogLevel = (typeof levels)[number];

/** The part of a writable stream that a logger uses. */
export interface LogStream {
  write(text: string): unknown;
  /** Bytes that wait to be written, where the stream knows. */
  readonly writableLength?: number;
}

/** Options of the loggers. */
export interface LoggerOptions {
  readonly clock: Pick<Clock, "nowMs">;
  /** @defaultValue `process.stderr` */
  readonly stream?: LogStream;
  /** Lines below this level are left out. @defaultValue "info" */
  readonly level?: LogLevel;
  /** Hides secret values in messages and fields. @defaultValue nothing is hidden */
  readonly redactor?: Redactor;
  /** While more than this waits in the stream, lines are dropped and counted instead of held in memory. @defaultValue 1_048_576 */
  readonly maxBufferedBytes?: number;
}

/** Node makes the stream when it is first asked for, and most runs have nothing to say. */
const standardError: LogStream = {
  write: (text) => process.stderr.write(text),
  get writableLength() {
    return process.stderr.writableLength;
  },
};

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes lines such as `2026-01-31T12:00:00.000Z info opened the source node="orders" partitions=4`. */
export function textLogger(options: LoggerOptions): Logger {
  return lineLogger(options, ({ time, level, message, fields }) => {
    const pairs = Object.entries(fields).map(([name, value]) => ` ${/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`);
    // A line break inside a message could pass for a line of its own.
    return `${time} ${level} ${message.replaceAll(/[\r\n\u2028\u2029]+/g, " ")}${pairs.join("")}`;
  });
}

/** Writes one JSON object per line: time, level, message, then the fields (one named like these three gets `field_` before its name). */
export function jsonLogger(options: LoggerOptions): Logger {
  return lineLogger(options, ({ time, level, message, fields }) => {
    const own = { time, level, message };
    const more = Object.entries(fields).map(([name, value]) => [Object.hasOwn(own, name) ? `field_${name}` : name, value] as const);
    return JSON.stringify({ ...own, ...Object.fromEntries(more) });
  });
}

function lineLogger(options: LoggerOptions, format: (line: Line) => string): Logger {
  const stream: LogStream = options.stream ?? standardError;
  const maxBufferedBytes = options.maxBufferedBytes ?? 1_048_576;
  const lowest = levels.indexOf(options.level ?? "info");
  const clean = (text: string): string => options.redactor?.redact(text) ?? text;
  let dropped = 0;

  const put = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void => {
    const time = new Date(options.clock.nowMs()).toISOString();
    const line = format({ time, level, message: clean(message), fields: logFields(fields, clean) });
    try {
      // JSON leaves these two as they are, and some readers take them for line breaks.
      stream.write(`${line.replaceAll("\u2028", String.raw`\u2028`).replaceAll("\u2029", String.raw`\u2029`)}\n`);
    } catch {
      // A log that cannot be written must not take the work with it.
      dropped++;
    }
  };

  const log = (level: LogLevel) => (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (levels.indexOf(level) < lowest) return;
    if ((stream.writableLength ?? 0) > maxBufferedBytes) {
      dropped++;
      return;
    }
    if (dropped > 0) {
      const count = dropped;
      dropped = 0;
      put("warn", "log lines were dropped: the log stream is too slow or fails", { dropped: count });
    }
    put(level, message, fields);
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
