// A real process is killed at every named point within the steps of each kind of sink, one after the other: nothing is lost, doubled or different.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { bundleProgram } from "./chaos/bundle-program.ts";
import { runRound } from "./chaos/round.ts";
import { chaosSinks } from "./chaos/sinks/index.ts";
import type { Program } from "./chaos/victim.ts";
import { sinkPoints } from "./crash-points.ts";

const folder = mkdtempSync(join(tmpdir(), "streamflow-points-"));
const urls = { kafka: inject("kafka"), postgres: inject("postgres"), redis: inject("redis") };
let program: Program;
beforeAll(async () => void (program = await bundleProgram(folder)), 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("knows the points of every kind of sink", () => {
  expect(Object.keys(sinkPoints).sort()).toEqual(Object.keys(chaosSinks).sort());
});

it.each(Object.entries(sinkPoints).filter(([, points]) => points.length > 0))("%s: killed at each point, all is there once", { timeout: 120_000 }, async (sink, at) => {
  const server = chaosSinks[sink]?.server;
  const round = await runRound({ seed: 1, sink, store: "files", kills: 0, at, folder: join(folder, sink), serverUrl: server === undefined ? "" : urls[server], storeUrl: "" }, program, () => undefined);
  expect(round.deaths.slice(-at.length).map(({ point }) => point)).toEqual(at);
  const { lost, doubled, differing, examples } = round;
  expect({ lost, doubled, differing, examples }).toEqual({ lost: 0, doubled: 0, differing: 0, examples: [] });
});
