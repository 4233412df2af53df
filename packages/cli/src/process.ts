// The command's process: streams, signals, exit code.
import type { CliContext } from "./cli-context.ts";
import { exitCodes } from "./exit-codes.ts";
import { main } from "./main.ts";
import { renderError } from "./render-error.ts";

// A reader that has gone away (`streamflow explain … | head`) ends the command without a word, and a run as a signal would.
let outputBroken = (): void => process.exit(0);

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  folder: process.cwd(),
  onInterrupt(run) {
    process.on("SIGINT", run).on("SIGTERM", run);
    const ending = outputBroken;
    outputBroken = () => {
      // Every write that follows fails too.
      outputBroken = () => undefined;
      run();
    };
    return () => {
      process.off("SIGINT", run).off("SIGTERM", run);
      outputBroken = ending;
    };
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  exit: (code) => process.exit(code),
};

/** What a connector or user code lets slip: told like every other failure. */
const slipped = (thrown: unknown): void => {
  process.stderr.write(renderError(thrown, { paint: (text) => text, debug: process.argv.includes("--debug") }));
  process.exit(exitCodes.failed);
};

/** How long something that a connector left open may keep the process alive, in milliseconds. */
const lingerMs = 1_000;

/** Runs the command that the process was started with, and sets its exit code. */
export async function runProcess(): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? outputBroken() : process.exit(1)));
  process.on("uncaughtException", slipped).on("unhandledRejection", slipped);
  process.exitCode = await main(process.argv.slice(2), context);
  setTimeout(() => process.exit(), lingerMs).unref();
}
