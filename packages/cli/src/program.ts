// The command line: commands, arguments, options and their help. docs/cli.md follows it; a test compares them.
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { GlobalOptions, SetValues } from "./cli-context.ts";
import { explainFormats } from "./commands/explain.ts";
import type { ExplainCommandOptions } from "./commands/explain.ts";
import type { ListDeadLettersOptions, PurgeDeadLettersOptions } from "./commands/dead-letters.ts";
import type { InspectStateOptions } from "./commands/inspect-state.ts";
import type { RunCommandOptions } from "./commands/run.ts";
import { addSavepoints, addStartOptions, type SavepointHandlers } from "./savepoint-program.ts";

/** What each command does. */
export interface Handlers extends SavepointHandlers {
  run(file: string, options: RunCommandOptions, globals: GlobalOptions): Promise<void>;
  validate(files: readonly string[], options: { readonly set: SetValues }, globals: GlobalOptions): Promise<void>;
  explain(file: string, options: ExplainCommandOptions, globals: GlobalOptions): Promise<void>;
  inspectCheckpoints(pipeline: string, options: { readonly limit: number }, globals: GlobalOptions): Promise<void>;
  inspectState(pipeline: string, options: InspectStateOptions, globals: GlobalOptions): Promise<void>;
  listDeadLetters(pipeline: string, options: ListDeadLettersOptions, globals: GlobalOptions): Promise<void>;
  countDeadLetters(pipeline: string, globals: GlobalOptions): Promise<void>;
  replayDeadLetters(file: string, options: { readonly set: SetValues }, globals: GlobalOptions): Promise<void>;
  purgeDeadLetters(pipeline: string, options: PurgeDeadLettersOptions, globals: GlobalOptions): Promise<void>;
  components(type: string | undefined, options: { readonly markdown?: boolean }, globals: GlobalOptions): Promise<void>;
  capabilities(globals: GlobalOptions): Promise<void>;
  schema(globals: GlobalOptions): Promise<void>;
}

/** Makes the command line. It reads no file and calls no handler until it is parsed. */
export function createProgram(handlers: Handlers, version: string): Command {
  const program = new Command("streamflow")
    .description("Runs, checks and looks into StreamFlow pipelines.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .configureHelp({ showGlobalOptions: true })
    .addOption(new Option("--host <module>", "module that makes the host: a path or a package (default: the project's streamflow.config.*, else @streamflow/runner)"))
    .addOption(new Option("--data <folder>", "where checkpoints and dead letters are kept (default: the project's, else ./.streamflow)"))
    .addOption(new Option("--json", "answer with JSON on standard output; `run` writes one JSON object per line"))
    .addOption(new Option("--log-level <level>", "least level of log lines on standard error").choices(["debug", "info", "warn", "error"]).default("warn"))
    .addOption(new Option("--no-color", "no colours (also: NO_COLOR=1)"))
    .addOption(new Option("--debug", "show stacks and causes of errors"))
    .addHelpText("after", examples(["streamflow validate orders.yaml", "streamflow explain orders.yaml", "streamflow run orders.yaml --data ./data", "streamflow dead-letters list orders --data ./data"]));
  addPipelineCommands(program, handlers);
  addInspect(program, handlers);
  addDeadLetters(program, handlers);
  addSavepoints(program, handlers, { examples, setOption });
  addReferenceCommands(program, handlers);
  return program;
}

function addPipelineCommands(program: Command, handlers: Handlers): void {
  const run = program
    .command("run")
    .summary("run a pipeline until its input ends or it is stopped")
    .description(
      "Runs a pipeline: a YAML or JSON file, or a module that exports `pipeline = (options) => Pipeline`.\n\n" +
        "It goes on from the last checkpoint in the data folder. Ctrl-C or SIGTERM stops it after a last checkpoint (exit code 0); a second one aborts at once (130).",
    )
    .argument("<file>", "pipeline file")
    .addOption(setOption())
    .addOption(new Option("--progress <duration>", "time between progress lines where standard error is no terminal; 0 for none").default("5s"))
    .addOption(new Option("--from <savepoint>", "begin with this savepoint, a name or the path of a file, where the pipeline has no checkpoint yet"))
    .addOption(new Option("--savepoint <savepoint>", "take this savepoint when the run ends or is stopped: a name, or the path of a file"));
  addStartOptions(run)
    .addHelpText("after", examples(["streamflow run orders.yaml", "streamflow run orders.yaml --data /var/lib/streamflow --json", "streamflow run flights.ts --set flights=flights.ndjson --set results=results.db", "streamflow run orders-v2.yaml --from before-upgrade"]))
    .action((file: string, options: RunCommandOptions, command: Command) => handlers.run(file, options, command.optsWithGlobals()));
  program
    .command("validate")
    .summary("check pipeline files; open nothing")
    .description("Checks pipeline files whole, with the plan and all its types, and says every mistake with file, line and column. Opens no source, sink or data folder.")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addHelpText("after", examples(["streamflow validate orders.yaml payments.yaml", "streamflow validate --json pipelines/*.yaml"]))
    .action((files: string[], options: { set: SetValues }, command: Command) => handlers.validate(files, options, command.optsWithGlobals()));
  program
    .command("explain")
    .summary("show the plan, and what each sink guarantees")
    .description("Shows what a pipeline will do: which fields are read, what is fused, how state is sharded, and the guarantee of every sink with its reason. Opens nothing.")
    .argument("<file>", "pipeline file")
    .addOption(new Option("--format <format>", "how the plan is written").choices(explainFormats).default("text"))
    .option("--code", "write the generated code that the stages run as")
    .addOption(setOption())
    .addHelpText("after", examples(["streamflow explain orders.yaml", "streamflow explain orders.yaml --format mermaid > plan.mmd", "streamflow explain orders.yaml --code"]))
    .action((file: string, options: ExplainCommandOptions, command: Command) => handlers.explain(file, options, command.optsWithGlobals()));
}

function addInspect(program: Command, handlers: Handlers): void {
  const inspect = program.command("inspect").summary("look into a data folder").description("Shows what a data folder holds of a pipeline. Changes nothing; may be used while the pipeline runs.");
  inspect
    .command("checkpoints")
    .summary("list checkpoints, with damage")
    .description("Lists the checkpoints of a pipeline, the newest first: epoch, age, size, shards. Every stored byte is verified, and damage is said.")
    .addArgument(pipelineArgument())
    .addOption(limitOption(20))
    .addHelpText("after", examples(["streamflow inspect checkpoints orders --data ./data"]))
    .action((name: string, options: { limit: number }, command: Command) => handlers.inspectCheckpoints(name, options, command.optsWithGlobals()));
  inspect
    .command("state")
    .summary("show the state in the newest checkpoint")
    .description("Shows what the newest readable checkpoint holds: tables by node and shard with their sizes, and where each shard stands. With --node or --key it shows entries.")
    .addArgument(pipelineArgument())
    .addOption(new Option("--node <id>", "entries of this node"))
    .addOption(new Option("--key <key>", "entries of this key: text as it is, everything else as JSON"))
    .addOption(limitOption(20))
    .addHelpText("after", examples(["streamflow inspect state orders", "streamflow inspect state orders --node per-minute --key ORD", "streamflow inspect state orders --node per-minute --limit 1000 --json"]))
    .action((name: string, options: InspectStateOptions, command: Command) => handlers.inspectState(name, options, command.optsWithGlobals()));
  addDeadLetterList(inspect, "dead-letters", handlers);
}

/** `inspect dead-letters` is `dead-letters list`. */
function addDeadLetterList(parent: Command, name: string, handlers: Handlers): void {
  parent
    .command(name)
    .summary("list records that could not be processed")
    .description("Lists records that were taken out of a pipeline: why, by which node, from which position, and their original bytes.")
    .addArgument(pipelineArgument())
    .addOption(new Option("--node <id>", "only those that this node refused"))
    .addOption(new Option("--after <cursor>", "only those behind this one: the number of the last one seen").argParser(wholeNumber).default(0))
    .addOption(limitOption(20))
    .addHelpText("after", examples([`streamflow ${parent.name()} ${name} orders`, `streamflow ${parent.name()} ${name} orders --node parse --json`]))
    .action((pipeline: string, options: ListDeadLettersOptions, command: Command) => handlers.listDeadLetters(pipeline, options, command.optsWithGlobals()));
}

function addDeadLetters(program: Command, handlers: Handlers): void {
  const letters = program.command("dead-letters").summary("records that could not be processed: look, replay, remove").description("Records that were taken out of a pipeline, with their original bytes and the reason. All but replay may be used while the pipeline runs.");
  addDeadLetterList(letters, "list", handlers);
  letters
    .command("count")
    .summary("count them, by node and error code")
    .description("Counts dead letters by the node that refused them and the error code.")
    .addArgument(pipelineArgument())
    .addHelpText("after", examples(["streamflow dead-letters count orders", "streamflow dead-letters count orders --json"]))
    .action((pipeline: string, _options: unknown, command: Command) => handlers.countDeadLetters(pipeline, command.optsWithGlobals()));
  letters
    .command("replay")
    .summary("give them to the nodes that refused them")
    .description(
      "Gives each dead letter to the node that refused it, once, and takes it off the list; one that is refused again is on it anew. Reads no other input.\n\n" +
        "The pipeline must not run meanwhile. A record meets the state of now: behind a window that is closed it is late.",
    )
    .argument("<file>", "pipeline file, mended")
    .addOption(setOption())
    .addHelpText("after", examples(["streamflow dead-letters replay orders.yaml", "streamflow dead-letters replay orders.yaml --data ./data --json"]))
    .action((file: string, options: { set: SetValues }, command: Command) => handlers.replayDeadLetters(file, options, command.optsWithGlobals()));
  letters
    .command("purge")
    .summary("remove them for good")
    .description("Removes dead letters for good: all of them, or those up to a number that `list` shows.")
    .addArgument(pipelineArgument())
    .addOption(new Option("--through <cursor>", "those up to this one, and it too").argParser(positiveNumber))
    .addOption(new Option("--all", "all of them").conflicts("through"))
    .addHelpText("after", examples(["streamflow dead-letters purge orders --through 120", "streamflow dead-letters purge orders --all"]))
    .action((pipeline: string, options: PurgeDeadLettersOptions, command: Command) => handlers.purgeDeadLetters(pipeline, options, command.optsWithGlobals()));
}

function pipelineArgument(): Argument {
  return new Argument("<pipeline>", "name of the pipeline");
}

function addReferenceCommands(program: Command, handlers: Handlers): void {
  program
    .command("components")
    .summary("list sources, stages, sinks and formats")
    .description("Lists what pipeline files can name, or shows the fields and an example of one type.")
    .argument("[type]", "a type, for example window")
    .addOption(new Option("--markdown", "the whole reference as Markdown"))
    .addHelpText("after", examples(["streamflow components", "streamflow components window"]))
    .action((type: string | undefined, options: { markdown?: boolean }, command: Command) => handlers.components(type, options, command.optsWithGlobals()));
  program
    .command("capabilities")
    .summary("list which sources and sinks can be used here")
    .description("Lists every source and sink of the host: whether a pipeline can use it in this process, else why not and what to do. Opens and connects to nothing.")
    .addHelpText("after", examples(["streamflow capabilities", "FLOW_STREAMING_ENABLED=true streamflow capabilities --json"]))
    .action((_options: unknown, command: Command) => handlers.capabilities(command.optsWithGlobals()));
  program
    .command("schema")
    .summary("write the JSON Schema of pipeline files, for editors")
    .description("Writes a JSON Schema (2020-12) of pipeline files. Put `# yaml-language-server: $schema=pipeline.schema.json` at the top of a YAML file to use it.")
    .addHelpText("after", examples(["streamflow schema > pipeline.schema.json"]))
    .action((_options: unknown, command: Command) => handlers.schema(command.optsWithGlobals()));
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function limitOption(most: number): Option {
  return new Option("--limit <n>", "at most so many").argParser(positiveNumber).default(most);
}

function setOption(): Option {
  return new Option("--set <name=value>", "a value for ${name} in a file, or an option of a code pipeline; may be repeated").argParser(collect).default({}, "none");
}

function collect(text: string, earlier: SetValues): SetValues {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}

function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("At least 1 is expected.");
  return value;
}
