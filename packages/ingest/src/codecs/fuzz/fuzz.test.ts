import { mayGenerateCode } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { withRewrittenScanners } from "../scanner-function.ts";
import { compareCase } from "./compare.fixture.ts";
import { corpus } from "./corpus.fixture.ts";
import { sweepCase } from "./corpus-case.fixture.ts";
import { fuzz, targets } from "./fuzz.fixture.ts";

const leastRecords = 6_000;
/** Another run each day, the same on every machine; `npm run fuzz` runs longer. */
const today = Math.floor(Date.now() / 86_400_000);

describe.each(Object.entries(targets).filter(([name]) => name !== "sweep"))("%s", (name, make) => {
  it.each([["the same streams in every run", 1], ["other streams each day", today * 100_000]])("%s mean what the oracle says", (_, seed) => {
    const { records, fast, failure } = fuzz(make, seed, (report) => report.records < leastRecords);
    expect(failure, `npm run fuzz -- --target ${name} --cases 1 --seed ${failure?.seed}: ${failure?.difference}\nshrunk: ${failure?.shrunk}`).toBeUndefined();
    if (mayGenerateCode()) expect(fast / records).toBeGreaterThan(0.5);
  });
});

it.skipIf(!mayGenerateCode())("a difference comes with its seed, and with the least stream that shows it", () => {
  const { failure, again } = withRewrittenScanners((source) => source.replaceAll(/if\(g\)v\d+=[^;]*;/g, ""), () => {
    const first = fuzz(targets["csv"]!, 1, () => true);
    return { failure: first.failure!, again: fuzz(targets["csv"]!, first.failure!.seed, ({ cases }) => cases < 1).failure };
  });
  expect(again).toEqual(failure);
  // A header, a record with a minus, and what a scanner must have behind it.
  const lines = failure.shrunk.slice(failure.shrunk.indexOf("lines, bytes")).split("\n").slice(1);
  expect(lines.length, failure.shrunk).toBeLessThanOrEqual(4);
  expect(lines.join()).toContain("-");
});

describe("bytes of each line of the corpus, changed, put in and taken out", () => {
  it.each(corpus.map(({ line }, family) => [line.slice(0, 40), family] as const))("%s", (_, family) => {
    for (const columns of [false, true]) {
      const { records, fast, difference } = compareCase(sweepCase(family, { columns, stride: 8 }));
      expect(difference).toBeUndefined();
      // Every other line is clean.
      if (mayGenerateCode()) expect(fast / records).toBeGreaterThan(0.4);
    }
  });
});
