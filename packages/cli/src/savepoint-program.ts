// The commands of `streamflow savepoint`, and what other commands take of it.
import { Argument, type Command, Option } from "commander";
import type { GlobalOptions, SetValues } from "./cli-context.ts";
import type { CreateSavepointOptions, StartOptions } from "./commands/savepoint.ts";

/** What each of these commands does. */
export interface SavepointHandlers {
  createSavepoint(pipeline: string, options: CreateSavepointOptions, globals: GlobalOptions): Promise<void>;
  listSavepoints(pipeline: string | undefined, globals: GlobalOptions): Promise<void>;
  showSavepoint(target: string, globals: GlobalOptions): Promise<void>;
  copySavepoint(from: string, to: string, globals: GlobalOptions): Promise<void>;
  applySavepoint(target: string, file: string, options: StartOptions & { readonly set: SetValues }, globals: GlobalOptions): Promise<void>;
  deleteSavepoint(name: string, globals: GlobalOptions): Promise<void>;
}

/** How commands of the whole program are written. */
interface Style {
  readonly examples: (lines: readonly string[]) => string;
  readonly setOption: () => Option;
}

/** Adds `savepoint` with its commands. */
export function addSavepoints(program: Command, handlers: SavepointHandlers, { examples, setOption }: Style): void {
  const savepoint = program.command("savepoint").summary("keep what a pipeline has committed, and start from it").description("Keeps what a pipeline has committed, by name or as a file. It outlives its pipeline, and others can be started from it.");
  savepoint
    .command("create")
    .summary("take one of a pipeline, running in a runner or stopped")
    .description(
      "Takes a savepoint: with --runner of a pipeline that a runner runs, by its name; else of one that is stopped, by its file.\n\n" +
        "A running pipeline goes on. A stopped one is started, and stopped again as soon as all its sinks have what they should.",
    )
    .argument("<pipeline>", "name of the pipeline with --runner, else its file")
    .addOption(new Option("--to <savepoint>", "its name, or the path of a file (default: the pipeline's name and the time)"))
    .addOption(new Option("--runner <address>", "the runner that runs the pipeline: http://HOST:PORT or unix:PATH"))
    .addOption(setOption())
    .addHelpText("after", examples(["streamflow savepoint create orders.yaml --to before-upgrade", "streamflow savepoint create orders --runner http://127.0.0.1:8080", "streamflow savepoint create orders.yaml --to ./orders.savepoint"]))
    .action((pipeline: string, options: CreateSavepointOptions, command: Command) => handlers.createSavepoint(pipeline, options, command.optsWithGlobals()));
  savepoint
    .command("list")
    .summary("list them")
    .description("Lists the savepoints in the data folder, or those of one pipeline.")
    .argument("[pipeline]", "name of the pipeline")
    .addHelpText("after", examples(["streamflow savepoint list", "streamflow savepoint list orders --json"]))
    .action((pipeline: string | undefined, _options: unknown, command: Command) => handlers.listSavepoints(pipeline, command.optsWithGlobals()));
  savepoint
    .command("show")
    .summary("verify one, and tell what is in it")
    .description("Shows a savepoint: what it is of, its size, where each input stands, and what waits for sinks. Every byte is verified.")
    .addArgument(savepointArgument())
    .addHelpText("after", examples(["streamflow savepoint show before-upgrade", "streamflow savepoint show ./orders.savepoint --json"]))
    .action((target: string, _options: unknown, command: Command) => handlers.showSavepoint(target, command.optsWithGlobals()));
  addCopies(savepoint, handlers, { examples, setOption });
}

function addCopies(savepoint: Command, handlers: SavepointHandlers, { examples, setOption }: Style): void {
  savepoint
    .command("copy")
    .summary("copy one to a file, or from a file")
    .description("Copies a savepoint from a name or file to another: so it comes to other machines, and to other kinds of stores.")
    .addArgument(savepointArgument("<from>"))
    .addArgument(savepointArgument("<to>"))
    .addHelpText("after", examples(["streamflow savepoint copy before-upgrade ./orders.savepoint", "streamflow savepoint copy ./orders.savepoint moved --data /var/lib/streamflow"]))
    .action((from: string, to: string, _options: unknown, command: Command) => handlers.copySavepoint(from, to, command.optsWithGlobals()));
  addStartOptions(
    savepoint
      .command("apply")
      .summary("let a pipeline begin with one; run nothing")
      .description("Makes a savepoint the first checkpoint of a pipeline that has none. Its next run, here or in a runner, goes on from there. As `run --from`, without the run.")
      .addArgument(savepointArgument())
      .argument("<file>", "pipeline file"),
  )
    .addOption(setOption())
    .addHelpText("after", examples(["streamflow savepoint apply before-upgrade orders-v2.yaml", "streamflow savepoint apply ./orders.savepoint orders.yaml --data /var/lib/streamflow"]))
    .action((target: string, file: string, options: StartOptions & { set: SetValues }, command: Command) => handlers.applySavepoint(target, file, options, command.optsWithGlobals()));
  savepoint
    .command("delete")
    .summary("remove one for good")
    .description("Removes a savepoint by name. Pipelines that were started from it do not need it any more.")
    .argument("<name>", "name of the savepoint")
    .addHelpText("after", examples(["streamflow savepoint delete before-upgrade"]))
    .action((name: string, _options: unknown, command: Command) => handlers.deleteSavepoint(name, command.optsWithGlobals()));
}

/** What a start from a savepoint can be told. */
export function addStartOptions(command: Command): Command {
  return command
    .addOption(new Option("--allow-dropped-state", "leave out state of the savepoint that the plan has no place for"))
    .addOption(new Option("--backlog <choice>", "under another name: send what waits for sinks in the savepoint, or leave that to the pipeline that it is of").choices(["send", "drop"]));
}

function savepointArgument(name = "<savepoint>"): Argument {
  return new Argument(name, "name of a savepoint, or the path of a file");
}
