// Every state that a model can come to, breadth first: the first violation found is one of the shortest.
import { beginning, movesOf, type Setting, textOfWorld } from "./protocol.fixture.ts";

/** What an exploration found. */
export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** States in which everything is done. */
  readonly finished: number;
  /** The shortest way to a broken invariant: what an observer sees on it, and which one it is. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined;
}

interface Seen {
  readonly from: string | undefined;
  readonly label: string | undefined;
}

/** Explores a model whole, or up to the first violation. */
export function explore(setting: Setting): Exploration {
  const first = textOfWorld(beginning(setting));
  const seen = new Map<string, Seen>([[first, { from: undefined, label: undefined }]]);
  let [moves, finished] = [0, 0];
  // A map keeps the order in which its keys came: it is the queue as well.
  for (const text of seen.keys()) {
    for (const { label, next, violation } of movesOf(text, setting)) {
      moves++;
      if (violation !== undefined) return { states: seen.size, moves, finished, violation: { what: violation, trace: traceTo(seen, text, label) } };
      const key = textOfWorld(next);
      if (seen.has(key)) continue;
      seen.set(key, { from: text, label });
      if (next.isFinished) finished++;
    }
  }
  return { states: seen.size, moves, finished, violation: undefined };
}

function traceTo(seen: ReadonlyMap<string, Seen>, text: string, last: string | undefined): readonly string[] {
  const labels: (string | undefined)[] = [last];
  for (let at: Seen | undefined = seen.get(text); at !== undefined; at = at.from === undefined ? undefined : seen.get(at.from)) labels.push(at.label);
  return labels.reverse().filter((label) => label !== undefined);
}
