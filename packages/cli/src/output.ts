// Where the answers of commands go: text for people, one JSON document for programs.
import type { CliContext, GlobalOptions } from "./cli-context.ts";
import { paintFor, type Paint } from "./terminal.ts";

/** The answer of a command. */
export class Output {
  readonly isJson: boolean;
  readonly paint: Paint;
  readonly #context: CliContext;

  constructor(context: CliContext, globals: Pick<GlobalOptions, "json" | "color">) {
    this.#context = context;
    this.isJson = globals.json === true;
    this.paint = paintFor(context.stdout, { color: globals.color, variables: context.variables });
  }

  /** Writes `text` to standard output, with one line break behind it; or, with `--json`, `document` in its place. */
  answer(text: () => string, document: () => unknown): void {
    const body = this.isJson ? JSON.stringify(document()) : text().replace(/\n$/, "");
    this.#context.stdout.write(`${body}\n`);
  }

  /** One line of several: NDJSON. Nothing without `--json`. */
  event(document: () => unknown): void {
    if (this.isJson) this.#context.stdout.write(`${JSON.stringify(document())}\n`);
  }
}
