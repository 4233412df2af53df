// Random schedules as data: what happens while a plan runs, and with which limits.
import fc from "fast-check";

/** Something that happens. */
export type Happening =
  | { readonly what: "push"; readonly source: number; readonly partition: number; readonly count: number }
  | { readonly what: "advance"; readonly ms: number }
  | { readonly what: "checkpoint" | "crash" | "stop" | "takeOver" | "thaw" | "stall" }
  | { readonly what: "move" | "take"; readonly partition: number };

/** A crash at one visit of a named point. */
export interface FaultSpec {
  readonly point: string;
  readonly visit: number;
}

export interface ScheduleSpec {
  /** Records of a batch: of the first process, the second, …, and again from the beginning. */
  readonly limits: readonly number[];
  readonly modes: readonly ("sync" | "async")[];
  readonly everyMs: number;
  readonly keep: number;
  readonly happenings: readonly Happening[];
  /** One after another: the second waits for the first. */
  readonly faults: readonly FaultSpec[];
}

/** Every point at which a process can be ended. simulation.test.ts sees that runs come to all of them. */
export const faultPoints: readonly string[] = [
  ...["before-flush", "after-flush", "after-prepare", "before-store", "after-store", "before-publish", "after-publish", "before-commit-transaction", "after-commit-transaction", "after-commit-prepared", "after-committed"].map((name) => `checkpoint.${name}`),
  ...["after-acquire", "after-fence", "after-sink-recover", "after-recover"].map((name) => `recovery.${name}`),
  "test-sink.prepared",
  "test-sink.committed",
];

const partition = fc.nat({ max: 2 });
const push: fc.Arbitrary<Happening> = fc.record({ what: fc.constant("push" as const), source: fc.nat({ max: 1 }), partition, count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_500 })) });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: push },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("advance" as const), ms: fc.constantFrom(1, 40, 120, 500) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constantFrom("checkpoint" as const, "checkpoint" as const, "crash" as const, "stop" as const, "takeOver" as const, "thaw" as const, "stall" as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("move" as const, "take" as const), partition }) },
);
const fault: fc.Arbitrary<FaultSpec> = fc.record({ point: fc.constantFrom(...faultPoints), visit: fc.integer({ min: 1, max: 4 }) });

export const scheduleSpecs: fc.Arbitrary<ScheduleSpec> = fc.record({
  limits: fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1_024 })), { minLength: 1, maxLength: 3 }),
  modes: fc.array(fc.constantFrom("sync" as const, "async" as const), { minLength: 1, maxLength: 2 }),
  everyMs: fc.constantFrom(30, 100, 10_000),
  keep: fc.integer({ min: 1, max: 3 }),
  happenings: fc.array(happening, { maxLength: 14 }),
  faults: fc.array(fault, { maxLength: 4 }),
});
