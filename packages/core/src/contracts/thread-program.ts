// What runs in a thread: a module that exports `run` (docs/adr/0004).
import type { Batch, BatchTotals } from "../record.ts";
import type { Disk } from "./environment.ts";

/** What a program gets in its thread. */
export interface ThreadContext {
  /** The same files that the owner's environment has. */
  readonly disk: Disk;
  post(message: unknown): void;
  /** Takes the messages, those sent before included. Called once. */
  listen(handle: (message: unknown) => void): void;
}

/** What the module of a program exports as `run`: called once, when the thread has started. */
export type ThreadProgram = (context: ThreadContext) => void;

/** Adds up the records of a batch in columns; undefined: they have to be looked at one by one. It has forgotten them afterwards. */
export type Adder = (batch: Pick<Batch, "length" | "columns">) => BatchTotals | undefined;

/** How a thread that decodes records adds them up, too: what `module` exports as `name`, called with `options`, makes an {@link Adder}. */
export interface ThreadAdder {
  readonly module: string;
  readonly name: string;
  /** Plain data. */
  readonly options: unknown;
}

/** The module `name` beside the calling one, as it lies there: as a source (`.ts`), or built (`.js`). */
export function programBeside(name: string, moduleUrl: string): URL {
  return new URL(`./${name}${moduleUrl.endsWith(".ts") ? ".ts" : ".js"}`, moduleUrl);
}
