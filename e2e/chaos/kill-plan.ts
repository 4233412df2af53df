// How each kill of a round is to happen, drawn from the seed.
import type { SeededRandom } from "@streamflow/core/testing";
import { phases, recoveryPoints } from "./phases.ts";

/** When a process is struck. */
export type Moment =
  /** So long after it was told to begin, or after it began to process. */
  | { readonly at: "time"; readonly since: "begin" | "running"; readonly ms: number }
  /** When it comes to a point for the `visit`-th time; `exactly`: it strikes itself, else it is struck from outside, a little later. */
  | { readonly at: "point"; readonly point: string; readonly visit: number; readonly exactly: boolean };

/** One kill. */
export interface Kill {
  readonly moment: Moment;
  /**
   * `alone`: killed, and a new process takes its place. `wanted`: another machine wants the shards all the while, and gets them when the lease has run out.
   * `frozen`: as `wanted`, but the process is stopped, wakes up when the other one has all, and is killed then.
   */
  readonly how: "alone" | "wanted" | "frozen";
  /** `frozen`: how long it sleeps on beside its successor, and is awake then, in milliseconds. */
  readonly asleepMs: number;
  readonly awakeMs: number;
}

const entries = Object.values(phases).map((points) => points[0] ?? "");
const longestLifeMs = 120;
const longestStartMs = 60;

/** One at each of these points, by the process itself. The first two are at no point: they are aimed before the process has come anywhere. */
export function killsAt(points: readonly string[]): readonly Kill[] {
  const kill = { how: "alone", asleepMs: 0, awakeMs: 0 } as const;
  const early: Kill = { ...kill, moment: { at: "time", since: "running", ms: 20 } };
  return [early, early, ...points.map((point): Kill => ({ ...kill, moment: { at: "point", point, visit: 1, exactly: true } }))];
}

/**
 * Half of them are aimed at a phase of a checkpoint, an eighth at a point of the recovery, one in sixteen at a point within the steps of the sink; the
 * others are left to time.
 */
export function drawKills(count: number, random: SeededRandom, ownPoints: readonly string[]): readonly Kill[] {
  return Array.from({ length: count }, () => {
    const moment = drawMoment(random, ownPoints);
    const draw = random.next();
    return { moment, how: draw < 0.15 ? "frozen" : draw < 0.3 ? "wanted" : "alone", asleepMs: random.integer(40), awakeMs: random.integer(60) };
  });
}

function drawMoment(random: SeededRandom, ownPoints: readonly string[]): Moment {
  const draw = random.next();
  if (draw < 0.5) {
    // Its entry: not every sink and store has the points further on.
    const point = pick(random, Object.values(phases))[0] ?? "";
    return { at: "point", point, visit: 1 + random.integer(3), exactly: random.chance() };
  }
  if (draw < 0.625) return { at: "point", point: pick(random, recoveryPoints), visit: 1, exactly: random.chance() };
  if (draw < 0.6875 && ownPoints.length > 0) return { at: "point", point: pick(random, ownPoints), visit: 1 + random.integer(3), exactly: random.chance() };
  if (draw < 0.75) return { at: "time", since: "begin", ms: random.next() * longestStartMs };
  return { at: "time", since: "running", ms: random.next() * longestLifeMs };
}

/** Whether a kill is aimed at a phase of a checkpoint. */
export function isAimed({ moment }: Kill): boolean {
  return moment.at === "point" && entries.includes(moment.point);
}

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.integer(items.length)] as T;
}
