// A schedule as data: what happens while a pipeline runs on a virtual disk and clock. It follows from its seed alone.
import { checkpointPoints, recoveryPoints, sinkPoints } from "../crash-points.ts";
import { type SeededRandom, seededRandom } from "@streamflow/core/testing";

/** Something that happens between two pieces of input. */
export type Step =
  | { readonly what: "push"; readonly count: number }
  | { readonly what: "checkpoint" }
  | { readonly what: "advance"; readonly ms: number }
  /**
   * The process ends at the `visit`-th time from now that it comes to a point; `power`: the machine with it, and what was not synced is lost or torn.
   * For points of the recovery it is ended at once, and the next one there.
   */
  | { readonly what: "crash"; readonly point: string; readonly visit: number; readonly power: boolean }
  /** The process is stopped, at once or where it comes to a point, another one takes over, and the first wakes up so many steps later. */
  | { readonly what: "takeover"; readonly point: string | undefined; readonly awakeAfter: number }
  /** A sink takes nothing, the disk is full, or wall time jumps, for this long. */
  | { readonly what: "stall" | "full" | "jump"; readonly ms: number };

export type SinkName = "sink-first" | "store-first" | "files";

/** One schedule. */
export interface Schedule {
  /** Which input: there are few, so that what is expected is known. */
  readonly input: number;
  readonly isLocal: boolean;
  readonly sinks: readonly SinkName[];
  readonly mode: "sync" | "async";
  readonly keep: number;
  /** Between checkpoints that nobody asks for. */
  readonly everyMs: number;
  /** Records of a batch: of the first process, the second, and again from the beginning. */
  readonly limits: readonly number[];
  readonly steps: readonly Step[];
  /** Whether a crash, another fault and checkpoints that the steps did not bring about, because a point was not reached, are made up for at the end. */
  readonly isCompleted: boolean;
  /** Draws what a loss of power leaves. */
  readonly seed: number;
}

export const inputs = 16;

const filePoints = sinkPoints["files"] ?? [];
const stepPoints: readonly string[] = [...checkpointPoints, "test-sink.prepared", "test-sink.committed", ...filePoints];

/** Where a process ends that was killed while it had nothing to do. */
export const quietPoint = "quiet";

/** Every point at which a process can be ended here. */
export const crashPoints: readonly string[] = [...stepPoints, ...recoveryPoints, quietPoint];

/** A point that only some kinds of sinks have. */
function isReachable(point: string, sinks: readonly SinkName[]): boolean {
  if (point === "test-sink.prepared") return sinks.includes("store-first");
  if (point === "test-sink.committed") return sinks.some((sink) => sink !== "files");
  if (filePoints.includes(point)) return sinks.includes("files");
  return point !== "checkpoint.before-commit-transaction" || sinks.includes("sink-first");
}

const sinkSets: readonly (readonly SinkName[])[] = [["files"], ["sink-first"], ["store-first"], ["sink-first", "files"], ["sink-first", "store-first"], ["sink-first", "sink-first"]];

/** Draws a schedule: three checkpoints are asked for, the end brings another one; a crash and another fault are in it. */
export function drawSchedule(seed: number): Schedule {
  const random = seededRandom(seed);
  const steps: Step[] = [];
  const sinks = pick(random, sinkSets);
  const faults: Step[] = [crash(random, sinks), otherFault(random, sinks), ...(random.chance(0.5) ? [crash(random, sinks)] : []), ...(random.chance(0.3) ? [otherFault(random, sinks)] : [])];
  for (let part = 0; part < 3; part++) {
    steps.push({ what: "push", count: 12 + random.integer(16) }, { what: "checkpoint" });
    if (random.chance(0.3)) steps.push({ what: "advance", ms: pick(random, [1, 40, 150]) });
  }
  for (const fault of faults) steps.splice(random.integer(steps.length), 0, fault);
  return {
    input: random.integer(inputs),
    // Behind an exchange a checkpoint has 130 shards in place of two: these take thrice as long.
    isLocal: random.chance(0.85),
    sinks,
    mode: random.chance() ? "sync" : "async",
    keep: 1 + random.integer(2),
    everyMs: pick(random, [100, 10_000, 10_000]),
    limits: [1 + random.integer(40), pick(random, [3, 17, 1_024])],
    steps,
    isCompleted: true,
    seed,
  };
}

function crash(random: SeededRandom, sinks: readonly SinkName[]): Step {
  const point = pick(random, crashPoints.filter((one) => one !== quietPoint && isReachable(one, sinks)));
  return { what: "crash", point, visit: recoveryPoints.includes(point) ? 1 : 1 + random.integer(2), power: random.chance(0.4) };
}

function otherFault(random: SeededRandom, sinks: readonly SinkName[]): Step {
  const draw = random.integer(6);
  if (draw < 3) return { what: "takeover", point: random.chance(0.7) ? pick(random, [...stepPoints, ...recoveryPoints].filter((one) => isReachable(one, sinks))) : undefined, awakeAfter: random.integer(4) };
  return { what: pick(random, ["stall", "full", "jump"] as const), ms: 20 + random.integer(200) };
}

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.integer(items.length)] as T;
}
