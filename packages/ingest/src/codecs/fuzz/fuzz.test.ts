import { mayGenerateCode } from "@streamflow/core";
import { describe, expect, it } from "vitest";
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
