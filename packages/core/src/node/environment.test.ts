import { describe, expect, it } from "vitest";
import { memoryBudget } from "../async/memory-budget.ts";
import { ScriptedFaults } from "../testing/fault-plan.ts";
import { nodeEnvironment } from "./environment.ts";

describe("environment of a process", () => {
  it("has every part, with a budget that the process can bear", () => {
    const environment = nodeEnvironment();
    expect(Math.abs(environment.clock.nowMs() - Date.now())).toBeLessThan(1000);
    expect(environment.random.next()).toBeLessThan(1);
    expect(environment.budget.limitBytes).toBeGreaterThan(16 * 1024 * 1024);
    expect(environment.metrics.counter("things_total", "Things.").value).toBe(0);
    expect("faults" in environment).toBe(false);
  });

  it("takes what it is given instead", () => {
    const [budget, faults] = [memoryBudget(5), new ScriptedFaults()];
    const environment = nodeEnvironment({ budget, faults, maxMemoryBytes: 9 });
    expect([environment.budget, environment.faults]).toEqual([budget, faults]);
    expect(nodeEnvironment({ maxMemoryBytes: 9 }).budget.limitBytes).toBe(9);
  });

  it.each(["text", "json"] as const)("SEC-2: its %s log hides every secret that was read", (format) => {
    const lines: string[] = [];
    const environment = nodeEnvironment({ secrets: { get: (name) => (name === "TOKEN" ? "hunter22" : undefined) }, log: { format, stream: { write: (text) => void lines.push(text) } } });
    environment.logger.info("before: hunter22");
    expect([environment.secrets.get("TOKEN"), environment.secrets.get("OTHER")]).toEqual(["hunter22", undefined]);
    environment.logger.info("after: hunter22");
    environment.logger.debug("not shown");
    expect(lines.length).toBe(2);
    expect(lines[1]).toContain("after: [secret]");
    expect(lines[0]?.startsWith("{")).toBe(format === "json");
  });
});
