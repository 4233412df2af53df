// Every named point in the sources is listed in e2e/crash-points.ts, and nothing else is. What is listed is visited:
//   checkpoints, recovery, stores in files, the sinks of tests and files   e2e/simulation/simulation.test.ts, which asserts each
//   the steps of sinks                                                     e2e/crash-points.test.ts, a real process killed at each
//   where somebody is told of commits                                      packages/state/src/run-recorder.test.ts
//   savepoints                                                             packages/core/src/savepoint/start-from-savepoint.test.ts
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkpointPoints, observerPoints, recoveryPoints, savepointPoints, sinkPoints, testSinkPoints } from "../crash-points.ts";

const packages = join(import.meta.dirname, "../../packages");

it("lists every named point of the sources", () => {
  const listed = [...checkpointPoints, ...observerPoints, ...recoveryPoints, ...savepointPoints, ...testSinkPoints, ...Object.values(sinkPoints).flat()];
  expect([...pointsOfSources()].sort()).toEqual(listed.sort());
});

/** Points by name, or by what a class puts in front of them: `reach("store.x")`, or `#reach("x")` beside `reach(`checkpoint.${point}`)`. */
function pointsOfSources(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of readdirSync(packages, { recursive: true, encoding: "utf8" })) {
    if (!/^[^/]+\/src\/.*\.ts$/.test(file) || /\.(test|fixture|test-d)\.ts$/.test(file)) continue;
    const text = readFileSync(join(packages, file), "utf8");
    const prefix = /reach\(`([a-z-]+)\.\$\{point\}`\)/.exec(text)?.[1];
    for (const [, hash, name] of text.matchAll(/(this\.#?)?\breach\((?:[^()"`]*, )?["`]([a-z.-]+)["`]\)/g)) found.add(hash === undefined ? name! : `${prefix}.${name}`);
  }
  return found;
}
