// Crashes at named points.
import type { FaultPlan } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";

/** Options of {@link ScriptedFaults}: crash at one visit of one point, or at any point by chance, or (neither) only watch. */
export interface ScriptedFaultsOptions {
  /** Crashes at this visit of this point; visits count from 1. */
  readonly at?: { readonly point: string; readonly visit?: number };
  /** Crashes at each visit with this probability, drawn from the seed. */
  readonly random?: { readonly seed: number; readonly probability: number };
  /** Runs at the crash, before it is thrown: cut the power of a virtual disk here. */
  readonly onCrash?: (point: string) => void;
}

/**
 * A plan of crashes for tests.
 *
 * Once it has crashed, every further point throws too: a dead process does nothing more. The error is not retryable and
 * its code is EXT_SIMULATED_CRASH, so that no code under test can mistake it for a failure that it should handle.
 */
export class ScriptedFaults implements FaultPlan {
  readonly #options: ScriptedFaultsOptions;
  readonly #random: SeededRandom | undefined;
  readonly #visits = new Map<string, number>();
  #crashedAt: string | undefined;

  constructor(options: ScriptedFaultsOptions = {}) {
    this.#options = options;
    this.#random = options.random === undefined ? undefined : seededRandom(options.random.seed);
  }

  /** How often each point was visited: which points a run has, and whether a test reached them. */
  get visits(): ReadonlyMap<string, number> {
    return this.#visits;
  }

  /** The point of the crash, once it has happened. */
  get crashedAt(): string | undefined {
    return this.#crashedAt;
  }

  reach(point: string): void {
    if (this.#crashedAt !== undefined) throw crash(point);
    const visit = (this.#visits.get(point) ?? 0) + 1;
    this.#visits.set(point, visit);
    if (!this.#strikes(point, visit)) return;
    this.#crashedAt = point;
    this.#options.onCrash?.(point);
    throw crash(point);
  }

  #strikes(point: string, visit: number): boolean {
    const { at, random } = this.#options;
    if (at !== undefined && at.point === point && (at.visit ?? 1) === visit) return true;
    return random !== undefined && this.#random?.chance(random.probability) === true;
  }
}

/** Whether an error, or one of its causes, is the crash of a {@link ScriptedFaults}. */
export function isSimulatedCrash(error: unknown): boolean {
  for (let at = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    if (StreamFlowError.is(at, "EXT_SIMULATED_CRASH")) return true;
  }
  return false;
}

function crash(point: string): StreamFlowError {
  return new StreamFlowError("EXT_SIMULATED_CRASH", `the test crashed the process at "${point}"`, { context: { point } });
}
