// From arguments to an exit code: parses, runs the command, renders what went wrong.
import { CommanderError, type Command } from "commander";
import { StreamFlowError } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "./cli-context.ts";
import { capabilitiesCommand } from "./commands/capabilities.ts";
import { componentsCommand, schemaCommand } from "./commands/components.ts";
import { explainCommand } from "./commands/explain.ts";
import { inspectCheckpoints } from "./commands/inspect-checkpoints.ts";
import { countDeadLetters, listDeadLetters, purgeDeadLetters, replayDeadLetters } from "./commands/dead-letters.ts";
import { inspectState } from "./commands/inspect-state.ts";
import { applySavepoint, copySavepoint, createSavepoint, deleteSavepoint, listSavepoints, showSavepoint } from "./commands/savepoint.ts";
import { runCommand } from "./commands/run.ts";
import { validateCommand } from "./commands/validate.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { errorDocument, renderError } from "./render-error.ts";
import { paintFor } from "./terminal.ts";

/** The version of the command. */
export const version = "0.0.0";

/** Runs the command line with `arguments_` (without node and script). Never rejects. */
export async function main(arguments_: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const keep = async (answer: Promise<ExitCode>): Promise<void> => {
    code = await answer;
  };
  const program = createProgram(
    {
      run: (file, options, globals) => keep(runCommand(file, options, context, globals)),
      validate: (files, options, globals) => keep(validateCommand(files, options, context, globals)),
      explain: (file, options, globals) => keep(explainCommand(file, options, context, globals)),
      inspectCheckpoints: (name, options, globals) => keep(inspectCheckpoints(name, options, context, globals)),
      inspectState: (name, options, globals) => keep(inspectState(name, options, context, globals)),
      listDeadLetters: (name, options, globals) => keep(listDeadLetters(name, options, context, globals)),
      countDeadLetters: (name, globals) => keep(countDeadLetters(name, context, globals)),
      replayDeadLetters: (file, options, globals) => keep(replayDeadLetters(file, options, context, globals)),
      purgeDeadLetters: (name, options, globals) => keep(purgeDeadLetters(name, options, context, globals)),
      createSavepoint: (pipeline, options, globals) => keep(createSavepoint(pipeline, options, context, globals)),
      listSavepoints: (pipeline, globals) => keep(listSavepoints(pipeline, context, globals)),
      showSavepoint: (target, globals) => keep(showSavepoint(target, context, globals)),
      copySavepoint: (from, to, globals) => keep(copySavepoint(from, to, context, globals)),
      applySavepoint: (target, file, options, globals) => keep(applySavepoint({ target, file, options }, context, globals)),
      deleteSavepoint: (name, globals) => keep(deleteSavepoint(name, context, globals)),
      components: (type, options, globals) => keep(componentsCommand(type, options, context, globals)),
      capabilities: (globals) => keep(capabilitiesCommand(context, globals)),
      schema: (globals) => keep(schemaCommand(context, globals)),
    },
    version,
  );
  prepare(program, context);
  try {
    await program.parseAsync(arguments_, { from: "user" });
    return code;
  } catch (thrown) {
    return fail(thrown, program.opts<Partial<GlobalOptions>>(), { arguments_, context });
  }
}

/** Errors come back as exceptions, and text goes to the context's streams: in every command. */
function prepare(command: Command, context: CliContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    // Usage errors are rendered like all others.
    writeErr: (text) => void (text.startsWith("error: ") || context.stderr.write(text)),
    getOutHelpWidth: () => context.stdout.columns ?? 100,
    getErrHelpWidth: () => context.stderr.columns ?? 100,
  });
  for (const child of command.commands) prepare(child, context);
}

interface Call {
  readonly arguments_: readonly string[];
  readonly context: CliContext;
}

function fail(thrown: unknown, globals: Partial<GlobalOptions>, { arguments_, context }: Call): ExitCode {
  const error = thrown instanceof CommanderError ? usageError(thrown) : thrown;
  if (error === undefined) return exitCodes.ok;
  if (thrown instanceof CommanderError && thrown.code === "commander.help") return exitCodes.usage;
  // Options that stand behind the mistake have not been read.
  if (globals.json === true || arguments_.includes("--json")) {
    context.stdout.write(`${JSON.stringify({ error: errorDocument(error) })}\n`);
  } else {
    const paint = paintFor(context.stderr, { color: globals.color !== false && !arguments_.includes("--no-color"), variables: context.variables });
    context.stderr.write(renderError(error, { paint, debug: globals.debug === true }));
  }
  return thrown instanceof CommanderError ? exitCodes.usage : exitCodeOf(error);
}

/** A mistake in the command line as one of our errors; undefined: help or version was asked for. */
function usageError({ code, exitCode, message }: CommanderError): StreamFlowError | undefined {
  if (exitCode === 0 || code === "commander.helpDisplayed" || code === "commander.version") return undefined;
  const [what = "", near] = message.replace(/^error: /, "").split("\n");
  return new StreamFlowError("SF_CONFIG_INVALID", what, { hint: near === undefined || near === "" ? "streamflow --help lists commands and options" : near.replace(/^\((.*)\)$/, "$1") });
}
