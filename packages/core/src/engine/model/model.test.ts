// The protocol, explored whole: every crash point, every order in which owners, stores and sinks can act.
//   STREAMFLOW_MODEL_OWNERS=3 explores three owners over time in place of two: a hundred times as many states.
import { expect, it } from "vitest";
import { explore, type Exploration } from "./explore.fixture.ts";
import type { Rule, Setting, SinkKind } from "./protocol.fixture.ts";

const owners = Number(process.env["STREAMFLOW_MODEL_OWNERS"] ?? 2);

const sinkSets: Readonly<Record<string, readonly SinkKind[]>> = {
  "store-first": ["store-first"],
  "sink-first": ["sink-first"],
  "sink-first and store-first": ["sink-first", "store-first"],
  "two sink-first": ["sink-first", "sink-first"],
};

const settings: readonly (readonly [name: string, setting: Setting])[] = Object.entries(sinkSets).flatMap(([name, sinks]) =>
  [false, true].map((isAsync) => [`${name}, ${isAsync ? "asynchronous" : "synchronous"} checkpoints`, { sinks, records: 2, owners, isAsync }] as const));

it.each(settings)("keeps every invariant: %s", (name, setting) => {
  const { states, moves, finished, violation } = explore(setting);
  console.log(`${name}: ${states} states, ${moves} moves, ${finished} ends`);
  expect(violation).toBeUndefined();
  // It explores something, and comes to the end in many ways.
  expect(states).toBeGreaterThan(2_000);
  expect(finished).toBeGreaterThan(100);
}, 3_600_000);

/** Which invariant shows that a rule is missing. */
const noticed: Readonly<Record<Rule, string>> = {
  barrier: "I2",
  "commit-after-publish": "I5",
  "sink-decides": "I2",
  "positions-in-transaction": "I2",
  fence: "I4",
  "durable-first": "I1",
  repeatable: "I2",
  "named-kept": "I7",
  "epochs-grow": "I3",
  held: "I2",
  settled: "I2",
  "newest-aborts": "I2",
};

it.each(Object.entries(noticed))("breaks %s without %s", (off, invariant) => {
  const { what, trace } = firstViolation(off as Rule) ?? {};
  console.log(`without ${off}: ${what}; ${trace?.join("; ")}`);
  expect(what?.slice(0, 2)).toBe(invariant);
});

function firstViolation(off: Rule): Exploration["violation"] {
  for (const [, setting] of settings) {
    const { violation } = explore({ ...setting, owners: 2, off });
    if (violation !== undefined) return violation;
  }
  return undefined;
}
