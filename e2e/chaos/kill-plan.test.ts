import { seededRandom } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { drawKills, isAimed, killsAt } from "./kill-plan.ts";
import { phaseAt, phases, recoveryPoints } from "./phases.ts";

const own = ["sink.a", "sink.b"];
const kills = drawKills(2_000, seededRandom(1), own);

it("is the same again with the same seed", () => {
  expect(drawKills(2_000, seededRandom(1), own)).toEqual(kills);
  expect(drawKills(2_000, seededRandom(2), own)).not.toEqual(kills);
});

it("aims half of the kills at entries of checkpoint phases, all alike, and some at recovery and within the steps of the sink", () => {
  const aimed = kills.filter(isAimed);
  expect(aimed.length / kills.length).toBeCloseTo(0.5, 1);
  for (const [entry] of Object.values(phases)) expect(aimed.filter(({ moment }) => moment.at === "point" && moment.point === entry).length).toBeGreaterThan(100);
  for (const point of [...recoveryPoints, ...own]) expect(kills.some(({ moment }) => moment.at === "point" && moment.point === point)).toBe(true);
});

it("kills at each of the points that it is told, once", () => {
  expect(killsAt(own).flatMap(({ moment }) => (moment.at === "point" ? [[moment.point, moment.visit, moment.exactly]] : []))).toEqual([["sink.a", 1, true], ["sink.b", 1, true]]);
});

it("knows of each point what a process is at", () => {
  for (const [phase, points] of Object.entries(phases)) for (const point of points) expect(phaseAt(point)).toBe(phase);
  expect([phaseAt(undefined), phaseAt("checkpoint.after-committed"), phaseAt("recovery.after-fence")]).toEqual(["start", "between checkpoints", "recovery"]);
});
