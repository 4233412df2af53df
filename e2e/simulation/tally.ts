// What many schedules have done together.
import { crashPoints } from "./schedule.ts";
import type { Outcome } from "./simulation.ts";

/** Sums; plain data, so that threads can send it. */
export interface Tally {
  schedules: number;
  /** Those with at least three checkpoints, a crash and another fault. */
  full: number;
  checkpoints: number;
  otherFaults: number;
  readonly crashes: Record<string, number>;
}

export function emptyTally(): Tally {
  return { schedules: 0, full: 0, checkpoints: 0, otherFaults: 0, crashes: Object.fromEntries(crashPoints.map((point) => [point, 0])) };
}

export function count(tally: Tally, { checkpoints, crashes, otherFaults }: Outcome): void {
  tally.schedules++;
  if (checkpoints >= 3 && crashes.length > 0 && otherFaults > 0) tally.full++;
  tally.checkpoints += checkpoints;
  tally.otherFaults += otherFaults;
  for (const point of crashes) tally.crashes[point] = (tally.crashes[point] ?? 0) + 1;
}

export function add(tally: Tally, other: Tally): void {
  for (const name of ["schedules", "full", "checkpoints", "otherFaults"] as const) tally[name] += other[name];
  for (const [point, crashes] of Object.entries(other.crashes)) tally.crashes[point] = (tally.crashes[point] ?? 0) + crashes;
}

/** A bar for each point. */
export function histogram({ crashes }: Tally): string {
  const most = Math.max(1, ...Object.values(crashes));
  return Object.entries(crashes).map(([point, times]) => `${point.padEnd(38)} ${String(times).padStart(7)} ${"#".repeat(Math.ceil((times / most) * 30))}`).join("\n");
}
