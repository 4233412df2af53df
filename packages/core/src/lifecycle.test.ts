import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mermaidOf, StateMachine, type Moves } from "./async/state-machine.ts";
import { Lifecycle, lifecycleMoves, PartitionLifecycle, partitionMoves } from "./lifecycle.ts";

// Written out once more, so that a change of the table is a change of two places.
const pipeline = `
  created -> starting
  starting -> running draining restarting failed stopped
  running -> paused draining finished stopped restarting failed
  paused -> running draining restarting failed
  draining -> finished stopped failed
  restarting -> starting draining stopped failed
  finished -> starting
  stopped -> starting
  failed -> starting`;
const partition = `
  assigned -> revoking lost finished
  revoking -> released lost
  released -> assigned
  lost -> assigned
  finished ->`;

/** A shortest way from the initial state to each state. */
function ways<State extends string>(moves: Moves<State>, initial: State): Map<State, State[]> {
  const found = new Map<State, State[]>([[initial, []]]);
  for (const [state, way] of found) for (const next of moves[state]) if (!found.has(next)) found.set(next, [...way, next]);
  return found;
}

function describeTable<State extends string>(name: string, options: { moves: Moves<State>; initial: State; text: string; kind: string; make: () => StateMachine<State> }): void {
  const { moves, initial, text, kind, make } = options;
  const legal = new Set(text.trim().split("\n").flatMap((line) => {
    const [from = "", to = ""] = line.split("->").map((part) => part.trim());
    return to.split(" ").filter((word) => word !== "").map((word) => `${from} ${word}`);
  }));
  const states = Object.keys(moves) as State[];
  const reachable = ways(moves, initial);

  describe(name, () => {
    it("starts in its initial state, and reaches every state", () => {
      expect(make().state).toBe(initial);
      expect([...reachable.keys()].sort()).toEqual([...states].sort());
    });

    for (const from of states) {
      for (const to of states) {
        const isLegal = legal.has(`${from} ${to}`);
        it(`${from} -> ${to} is ${isLegal ? "legal" : "refused"}`, () => {
          const machine = make();
          for (const step of reachable.get(from) ?? []) machine.move(step, "prepare");
          expect(machine.can(to)).toBe(isLegal);
          const seen: string[] = [];
          machine.onMove((after, before) => seen.push(`${before} ${after}`));
          if (isLegal) {
            machine.move(to, "test");
            expect([machine.state, seen]).toEqual([to, [`${from} ${to}`]]);
            return;
          }
          expect(() => machine.move(to, "test")).toThrow(expect.objectContaining({ code: "SF_LIFECYCLE_ILLEGAL", message: `cannot test ${kind} "x": it is ${from}`, context: { operation: "test", state: from } }));
          expect([machine.state, seen]).toEqual([from, []]);
        });
      }
    }

    it("docs/lifecycle.md draws this table", () => {
      const page = readFileSync(new URL("../../../docs/lifecycle.md", import.meta.url), "utf8");
      expect(page).toContain(`\`\`\`mermaid\n${mermaidOf(moves, initial)}\n\`\`\``);
    });
  });
}

describeTable("life of a pipeline", { moves: lifecycleMoves, initial: "created", text: pipeline, kind: "pipeline", make: () => new Lifecycle("x") });
describeTable("life of a partition", { moves: partitionMoves, initial: "assigned", text: partition, kind: "partition", make: () => new PartitionLifecycle("x") });

describe("guards and listeners", () => {
  it("require names operation and state, and moves nothing", () => {
    const life = new Lifecycle("orders");
    life.require(["created", "stopped"], "change");
    expect(() => life.require(["running"], "pause")).toThrow(expect.objectContaining({ code: "SF_LIFECYCLE_ILLEGAL", message: 'cannot pause pipeline "orders": it is created', hint: "it must be running" }));
    expect(life.state).toBe("created");
  });

  it("a refused move says from where it would be legal", () => {
    const life = new Lifecycle("orders");
    expect(() => life.move("paused", "pause")).toThrow(expect.objectContaining({ hint: "only from running can it become paused" }));
  });

  it("a listener that was taken away hears nothing more; others do, in order", () => {
    const life = new Lifecycle("it");
    const heard: string[] = [];
    const forget = life.onMove((to) => {
      heard.push(`a ${to}`);
      forget();
    });
    life.onMove((to) => heard.push(`b ${to}`));
    life.move("starting", "run");
    life.move("running", "run");
    expect(heard).toEqual(["a starting", "b starting", "b running"]);
  });
});
