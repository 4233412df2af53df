#!/usr/bin/env node
// The command's process: streams, signals, exit code.
import type { CliContext } from "./cli-context.ts";
import { main } from "./main.ts";

// A reader that has gone away (`streamflow explain … | head`) ends the command without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  folder: process.cwd(),
  onInterrupt(run) {
    process.on("SIGINT", run).on("SIGTERM", run);
    return () => process.off("SIGINT", run).off("SIGTERM", run);
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  exit: (code) => process.exit(code),
};

/** How long something that a connector left open may keep the process alive, in milliseconds. */
const lingerMs = 1_000;

const code = await main(process.argv.slice(2), context);
process.exitCode = code;
setTimeout(() => process.exit(), lingerMs).unref();
