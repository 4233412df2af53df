// What `pnpm chaos` is told.
import { parseArgs } from "node:util";
import { storeNames, type StoreName } from "./job.ts";
import { chaosSinks } from "./sinks/index.ts";

/** What is to be done. */
export interface ChaosArguments {
  readonly sinks: readonly string[];
  readonly stores: readonly StoreName[];
  readonly kills: number;
  readonly seed: number;
  readonly json: boolean;
  /** Two processes share the partitions, which move between them. */
  readonly moving: boolean;
}

export const help: string = `pnpm chaos: kills a pipeline again and again, and compares what it has written with a run that nobody killed.

  --sink NAMES              ${Object.keys(chaosSinks).join(", ")}; several by commas (all of them)
  --checkpoint-store NAMES  ${storeNames.join(", ")}; several by commas, by turns (all of them)
  --kills N                 kills, over all sinks together (100)
  --seed N                  draws input, moments and ways of killing (from the clock)
  --partition-revocations   two processes at once, between which partitions move
  --json                    the report as one JSON object
  --help                    this text

Ends with 1 where anything is lost, doubled or different; where fewer than 90 % of the kills fell between the first and the last
output; and, from 200 kills on, where a phase of a checkpoint saw fewer than 2 % of them. A round that failed keeps its folder.`;

/** Reads the arguments; undefined: help is wanted. @throws for what it cannot do */
export function readArguments(args: readonly string[], clock: () => number): ChaosArguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { sink: { type: "string" }, "checkpoint-store": { type: "string" }, kills: { type: "string", default: "100" }, seed: { type: "string" }, json: { type: "boolean", default: false }, "partition-revocations": { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) return undefined;
  return {
    sinks: namesOf("--sink", values.sink, Object.keys(chaosSinks)),
    stores: namesOf("--checkpoint-store", values["checkpoint-store"], storeNames),
    kills: countOf("--kills", values.kills, 1),
    seed: countOf("--seed", values.seed ?? String(clock() % 2 ** 31), 0),
    json: values.json,
    moving: values["partition-revocations"],
  };
}

function namesOf<Name extends string>(option: string, text: string | undefined, known: readonly Name[]): readonly Name[] {
  if (text === undefined) return known;
  return text.split(",").map((asked) => {
    const found = known.find((name) => name === asked);
    if (found === undefined) throw new Error(`${option}: no "${asked}"; there are ${known.join(", ")}`);
    return found;
  });
}

function countOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${option}: a whole number from ${least} on, not "${text}"`);
  return value;
}
