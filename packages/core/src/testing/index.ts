// Fakes and conformance suites for tests of pipelines and of components.
export { testEnvironment } from "./environment.ts";
export type { TestEnvironment, TestEnvironmentOptions } from "./environment.ts";
export { isSimulatedCrash, ScriptedFaults } from "./fault-plan.ts";
export type { ScriptedFaultsOptions } from "./fault-plan.ts";
export { ManualClock } from "./manual-clock.ts";
export type { ManualClockOptions } from "./manual-clock.ts";
export { MemoryMetrics } from "./memory-metrics.ts";
export { recordingLogger } from "./recording-logger.ts";
export type { LogLine, RecordingLogger } from "./recording-logger.ts";
export { seededRandom } from "./seeded-random.ts";
export type { SeededRandom } from "./seeded-random.ts";
export { VirtualDisk } from "./virtual-disk.ts";
export type { DiskOperation, VirtualDiskOptions } from "./virtual-disk.ts";
export { OperatorHarness } from "./operator-harness.ts";
export type { Emitted, HarnessSnapshot, OperatorHarnessOptions, PushedRecord, RejectedValue } from "./operator-harness.ts";
