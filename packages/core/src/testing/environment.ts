// A whole environment for tests: nothing in it touches the machine, and everything follows from the seed.
import { memoryBudget } from "../async/memory-budget.ts";
import type { Environment } from "../contracts/environment.ts";
import type { FaultPlan } from "../contracts/environment.ts";
import { envSettings } from "../node/settings.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryMetrics } from "./memory-metrics.ts";
import { recordingLogger, type RecordingLogger } from "./recording-logger.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";
import { VirtualDisk } from "./virtual-disk.ts";

/** Options of {@link testEnvironment}. */
export interface TestEnvironmentOptions {
  /** @defaultValue 1 */
  readonly seed?: number;
  /** A clock that goes on, for example after a crash. @defaultValue a new one */
  readonly clock?: ManualClock;
  /** A disk that goes on. @defaultValue a new one with the folder /data */
  readonly disk?: VirtualDisk;
  /** @defaultValue none */
  readonly secrets?: Readonly<Record<string, string>>;
  /** @defaultValue none */
  readonly settings?: Readonly<Record<string, string>>;
  /** @defaultValue 64 MiB */
  readonly budgetBytes?: number;
  readonly faults?: FaultPlan;
}

/** An environment with its parts as what they are, so that a test can move and inspect them. */
export interface TestEnvironment {
  readonly environment: Environment;
  readonly clock: ManualClock;
  readonly random: SeededRandom;
  readonly disk: VirtualDisk;
  readonly logger: RecordingLogger;
  readonly metrics: MemoryMetrics;
}

/** Makes an environment with a manual clock, seeded randomness, a virtual disk, and a logger and metrics that can be read. */
export function testEnvironment(options: TestEnvironmentOptions = {}): TestEnvironment {
  const clock = options.clock ?? new ManualClock();
  const parts = {
    clock,
    random: seededRandom(options.seed ?? 1),
    disk: options.disk ?? new VirtualDisk({ clock }),
    logger: recordingLogger(),
    metrics: new MemoryMetrics(),
  };
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  return {
    ...parts,
    environment: {
      ...parts,
      secrets: { get: (name) => secrets.get(name) },
      settings: envSettings(options.settings ?? {}),
      budget: memoryBudget(options.budgetBytes ?? 64 * 1024 * 1024),
      ...(options.faults === undefined ? {} : { faults: options.faults }),
    },
  };
}
