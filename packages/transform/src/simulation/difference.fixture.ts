// Where two outcomes differ, in a few lines: outputs can be large.
import type { Outcome } from "./run.fixture.ts";

/** Answers what differs; nothing where they are equal. */
export function differences(expected: Outcome, actual: Outcome): readonly string[] {
  const lists = (outcome: Outcome): ReadonlyMap<string, readonly string[]> => {
    const outputs = Object.entries(outcome.outputs).flatMap(([sink, shards]) => Object.entries(shards).map(([shard, records]) => [`sink ${sink}, shard ${shard}`, records] as const));
    return new Map([...outputs, ["dead letters", outcome.rejected], ["dead letters of timers", outcome.rejectedByTimers]]);
  };
  const [left, right] = [lists(expected), lists(actual)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) => differenceOf(name, left.get(name) ?? [], right.get(name) ?? []));
}

function differenceOf(name: string, expected: readonly string[], actual: readonly string[]): readonly string[] {
  const at = Array.from({ length: Math.max(expected.length, actual.length) }, (_, index) => index).find((index) => expected[index] !== actual[index]);
  if (at === undefined) return [];
  return [`${name}: ${expected.length} records expected, ${actual.length} found; at ${at} expected ${shown(expected[at])}, found ${shown(actual[at])}`];
}

function shown(record: string | undefined): string {
  return record === undefined ? "nothing" : record.slice(0, 400);
}
