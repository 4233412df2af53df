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
  /** Rows come from a topic of Kafka, and its group moves the partitions. */
  readonly kafka: KafkaArguments | undefined;
}

/** What happens over Kafka besides kills of processes. */
export interface KafkaArguments {
  readonly driver: "platformatic" | "kafkajs";
  readonly brokerKills: number;
  readonly rebalances: number;
  readonly zombies: number;
}

const sourceNames = ["rows", "kafka"] as const;
const driverNames = ["platformatic", "kafkajs"] as const;

export const help: string = `pnpm chaos: kills a pipeline again and again, and compares what it has written with a run that nobody killed.

  --sink NAMES              ${Object.keys(chaosSinks).join(", ")}; several by commas (all of them)
  --checkpoint-store NAMES  ${storeNames.join(", ")}; several by commas, by turns (all of them)
  --kills N                 kills, over all sinks together (100)
  --seed N                  draws input, moments and ways of killing (from the clock)
  --source NAME             rows (computed), or kafka: a topic that a group of two processes reads (rows)
  --broker-kills N          kafka: the broker dies and comes back (0)
  --rebalances N            kafka: a third process joins and leaves (0)
  --zombies N               kafka: a process is stopped past its session, and goes on (0)
  --driver NAME             kafka: ${driverNames.join(" or ")} (platformatic)
  --partition-revocations   two processes at once, between which partitions move
  --json                    the report as one JSON object
  --help                    this text

Ends with 1 where anything is lost, doubled or different; where fewer than 90 % of the kills fell between the first and the last
output; and, from 200 kills on, where a phase of a checkpoint saw fewer than 2 % of them. A round that failed keeps its folder.`;

/** Reads the arguments; undefined: help is wanted. @throws for what it cannot do */
export function readArguments(args: readonly string[], clock: () => number): ChaosArguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { sink: { type: "string" }, "checkpoint-store": { type: "string" }, kills: { type: "string", default: "100" }, seed: { type: "string" }, json: { type: "boolean", default: false }, "partition-revocations": { type: "boolean", default: false }, help: { type: "boolean", default: false },
      source: { type: "string", default: "rows" }, "broker-kills": { type: "string", default: "0" }, rebalances: { type: "string", default: "0" }, zombies: { type: "string", default: "0" }, driver: { type: "string", default: "platformatic" } },
  });
  if (values.help) return undefined;
  return {
    sinks: namesOf("--sink", values.sink, Object.keys(chaosSinks)),
    stores: namesOf("--checkpoint-store", values["checkpoint-store"], storeNames),
    kills: countOf("--kills", values.kills, 1),
    seed: countOf("--seed", values.seed ?? String(clock() % 2 ** 31), 0),
    json: values.json,
    moving: values["partition-revocations"],
    kafka: oneOf("--source", values.source, sourceNames) === "rows" ? undefined : {
      driver: oneOf("--driver", values.driver, driverNames),
      brokerKills: countOf("--broker-kills", values["broker-kills"], 0),
      rebalances: countOf("--rebalances", values.rebalances, 0),
      zombies: countOf("--zombies", values.zombies, 0),
    },
  };
}

function namesOf<Name extends string>(option: string, text: string | undefined, known: readonly Name[]): readonly Name[] {
  if (text === undefined) return known;
  return text.split(",").map((asked) => oneOf(option, asked, known));
}

function oneOf<Name extends string>(option: string, asked: string, known: readonly Name[]): Name {
  const found = known.find((name) => name === asked);
  if (found === undefined) throw new Error(`${option}: no "${asked}"; there are ${known.join(", ")}`);
  return found;
}

function countOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${option}: a whole number from ${least} on, not "${text}"`);
  return value;
}
