import { describe, it } from "vitest";
import { MemoryMetrics } from "../memory-metrics.ts";
import { registerConformance } from "./case.ts";
import { metricsConformance } from "./metrics.ts";

describe("MemoryMetrics", () => registerConformance(it, metricsConformance(() => new MemoryMetrics())));
