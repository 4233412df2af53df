// What generated loops make of windows is what the closures make: see restored-windows.test.ts. Here: results in batches, and columns of any values.
import { forbidCodeGeneration, OperatorHarness } from "@streamflow/core/testing";
import { afterEach, expect, it } from "vitest";
import { avg, count, max } from "../aggregates.ts";
import { windowOperator } from "../window.ts";
import { sliding, tumbling } from "./assigners.ts";

afterEach(() => forbidCodeGeneration(false));

interface Row {
  readonly key: unknown;
  readonly value: number | null;
}

/** More keys than results wait together. */
const many = 10_000;

it.each([["tumbling", tumbling({ sizeMs: 10 })], ["sliding", sliding({ sizeMs: 10, slideMs: 5 })]] as const)("%s windows of many keys, some of them no numbers, some results null", (_name, window) => {
  const value = (row: unknown): never => (row as Row).value as never;
  const outs = [false, true].map((isForbidden) => {
    forbidCodeGeneration(isForbidden);
    const harness = new OperatorHarness(windowOperator, { window, aggregate: { n: count(), mean: avg(value), high: max(value) } });
    for (let at = 0; at < many; at++) harness.push({ value: at % 7_000 === 5_000 ? null : at }, { timestampMs: 5 + Math.floor(at / 5_000), key: at % 6_000 === 5_900 ? `key ${at}` : at });
    return harness.end().take();
  });
  expect(outs[0]).toHaveLength(window.kind === "tumbling" ? many : 2 * many);
  expect(outs[0]).toEqual(outs[1]);
  const [first] = outs[0]!;
  expect(first).toMatchObject({ key: 0, value: { key: 0, n: 1, mean: 0, high: 0, windowEnd: first!.timestampMs + 1 } });
  expect(outs[0]!.filter(({ value: result }) => (result as { mean: unknown }).mean === null)).toHaveLength(window.kind === "tumbling" ? 1 : 2);
  expect(outs[0]!.filter(({ key }) => key === "key 5900")).toHaveLength(window.kind === "tumbling" ? 1 : 2);
});
