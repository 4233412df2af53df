// The part of an environment that stores use.
import type { Environment } from "@streamflow/core";

/** What a store of this package needs of its environment: a whole `Environment` fits. */
export type StoreEnvironment = Pick<Environment, "clock" | "disk" | "logger" | "random" | "faults">;

/** A name that no other call has made: 64 random bits as 16 hex digits. */
export function uniqueName(environment: Pick<Environment, "random">): string {
  const word = (): string => Math.floor(environment.random.next() * 2 ** 32).toString(16).padStart(8, "0");
  return word() + word();
}

/** Reaches a crash point, where the environment has a fault plan. */
export async function reach(environment: Pick<Environment, "faults">, point: string): Promise<void> {
  await environment.faults?.reach(point);
}
