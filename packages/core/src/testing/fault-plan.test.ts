import { describe, expect, it } from "vitest";
import { toStreamFlowError } from "../errors.ts";
import { isSimulatedCrash, ScriptedFaults, type ScriptedFaultsOptions } from "./fault-plan.ts";

/** Visits a, b, a, b, … and answers after how many visits it crashed. */
function walk(faults: ScriptedFaults, steps = 100): number | undefined {
  for (let i = 0; i < steps; i++) {
    try {
      faults.reach(i % 2 === 0 ? "a" : "b");
    } catch (error) {
      expect(isSimulatedCrash(error)).toBe(true);
      return i + 1;
    }
  }
  return undefined;
}

describe("scripted faults", () => {
  it("watch only, unless told otherwise", () => {
    const faults = new ScriptedFaults();
    expect(walk(faults, 5)).toBeUndefined();
    expect([...faults.visits]).toEqual([["a", 3], ["b", 2]]);
  });

  it("crash at one visit of one point, and stay dead", () => {
    const crashes: string[] = [];
    const faults = new ScriptedFaults({ at: { point: "b", visit: 2 }, onCrash: (point) => void crashes.push(point) });
    expect(walk(faults)).toBe(4);
    expect([faults.crashedAt, crashes]).toEqual(["b", ["b"]]);
    expect(() => faults.reach("a")).toThrow(/crashed the process at "a"/);
    expect(crashes.length).toBe(1);
    expect(walk(new ScriptedFaults({ at: { point: "a" } }))).toBe(1);
  });

  it("crash at random, the same for one seed", () => {
    const at = (options: ScriptedFaultsOptions) => walk(new ScriptedFaults(options), 10_000);
    const seeds = Array.from({ length: 20 }, (_, seed) => at({ random: { seed, probability: 0.05 } }));
    expect(Array.from({ length: 20 }, (_, seed) => at({ random: { seed, probability: 0.05 } }))).toEqual(seeds);
    expect(new Set(seeds).size).toBeGreaterThan(5);
    expect(at({ random: { seed: 1, probability: 0 } })).toBeUndefined();
  });

  it("a crash is known through the errors that wrap it, and is not retryable", () => {
    const faults = new ScriptedFaults({ at: { point: "a" } });
    let crash: unknown;
    try {
      faults.reach("a");
    } catch (error) {
      crash = error;
    }
    expect(crash).toMatchObject({ code: "EXT_SIMULATED_CRASH", retryable: false, context: { point: "a" } });
    expect(isSimulatedCrash(toStreamFlowError(new Error("outer", { cause: crash }), "SF_SINK_FAILED", "commit"))).toBe(true);
    expect(isSimulatedCrash(new Error("other"))).toBe(false);
  });
});
