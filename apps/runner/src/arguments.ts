// The arguments of the runner.
import { parseArgs } from "node:util";
import { parseDuration } from "@streamflow/config";
import { StreamFlowError, toStreamFlowError } from "@streamflow/core";

/** What the runner is told. */
export interface RunnerArguments {
  readonly folder: string;
  readonly dataFolder: string;
  readonly address: string;
  readonly port: number;
  readonly graceMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "json" | "text";
}

export const usage = `Usage: streamflow-runner [options] <folder>

Runs every pipeline of a folder (*.yaml, *.yml, *.json) in one process, each on its own: one that fails harms no other.

Options:
  --data <folder>        where checkpoints and dead letters are kept (default: ./.streamflow)
  --address <address>    address to listen on (default: 127.0.0.1; others can start and stop pipelines from elsewhere), or the path of a Unix
                         socket, such as ./runner.sock: then whoever may open that file
  --port <n>             port to listen on; 0 for any (default: 8080)
  --grace <duration>     how long pipelines may take to stop (default: 10s)
  --log-level <level>    debug, info, warn or error (default: info)
  --log-format <format>  json or text (default: json)
  -h, --help             this text

Over HTTP:
  GET  /healthz                     is the process well?
  GET  /readyz                      do all pipelines work? 503 with reasons while one is starting or has failed
  GET  /metrics                     for Prometheus
  GET  /pipelines, /pipelines/NAME  where each stands
  POST /pipelines/NAME/start        also: stop, restart; a start reads the file again
  POST /pipelines/NAME/savepoints   takes a savepoint; /savepoints/OTHER names it
  GET  /savepoints                  those that are kept

SIGTERM or SIGINT stops every pipeline after a last checkpoint; a second one ends at once.

Exit codes: 0 stopped, 1 failed, 2 wrong arguments, 4 damaged data folder, 5 aborted when the grace was over, 130 second signal.
`;

/** Reads arguments; "help" where help is asked for. @throws {@link StreamFlowError} SF_CONFIG_INVALID */
export function readArguments(arguments_: readonly string[]): RunnerArguments | "help" {
  const { values, positionals } = parse(arguments_);
  if (values.help === true) return "help";
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw invalid(folder === undefined ? "a folder with pipelines is expected" : `one folder is expected, got ${positionals.length}`);
  return {
    folder,
    dataFolder: values.data ?? ".streamflow",
    address: values.address ?? "127.0.0.1",
    port: portOf(values.port ?? "8080"),
    graceMs: graceOf(values.grace ?? "10s"),
    logLevel: oneOf("--log-level", values["log-level"] ?? "info", ["debug", "info", "warn", "error"]),
    logFormat: oneOf("--log-format", values["log-format"] ?? "json", ["json", "text"]),
  };
}

const text = { type: "string" } as const;
const options = { data: text, address: text, port: text, grace: text, "log-level": text, "log-format": text, help: { type: "boolean", short: "h" } } as const;

function parse(arguments_: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...arguments_], options, allowPositionals: true });
  } catch (thrown) {
    throw invalid(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function portOf(given: string): number {
  const port = Number(given);
  if (!/^\d{1,5}$/.test(given) || port > 65_535) throw invalid(`--port: a number up to 65535 is expected, got "${given}"`);
  return port;
}

function graceOf(given: string): number {
  try {
    const graceMs = parseDuration(given);
    if (graceMs >= 0) return graceMs;
  } catch (thrown) {
    throw invalid(`--grace: ${toStreamFlowError(thrown, "SF_CONFIG_INVALID", "duration").message}`);
  }
  throw invalid(`--grace: at least 0s is expected, got "${given}"`);
}

function oneOf<const Word extends string>(option: string, given: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === given);
  if (found === undefined) throw invalid(`${option}: ${words.join(", ")} are possible, got "${given}"`);
  return found;
}

function invalid(message: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", message, { hint: "streamflow-runner --help" });
}
