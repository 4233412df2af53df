import { describe, expect, it } from "vitest";
import { StreamFlowError } from "./errors.ts";
import { type Batch, cutAfter, type Rejected } from "./record.ts";

/** Inputs by position: a number is a record, "x" was rejected. */
function batchOf(inputs: readonly (number | "x")[]): Batch {
  const values: number[] = [];
  const positions: string[] = [];
  const rejected: Rejected[] = [];
  inputs.forEach((input, at) => {
    if (input === "x") rejected.push({ beforeIndex: values.length, position: String(at), error: new StreamFlowError("SF_CODEC_DECODE", "x"), raw: undefined });
    else values.push(input);
    if (input !== "x") positions.push(String(at));
  });
  return {
    partition: "0", length: values.length, values, timestamps: Float64Array.from(values), endPosition: String(inputs.length - 1), byteLength: 8 * inputs.length,
    positionAt: (index) => positions[index]!, ...(rejected.length === 0 ? {} : { rejected }),
  };
}

/** The inputs of a batch, in their order. */
function inputsOf(batch: Batch): readonly (number | "x")[] {
  const inputs: (number | "x")[] = [];
  for (let i = 0; i <= batch.length; i++) {
    for (const { beforeIndex } of batch.rejected ?? []) if (beforeIndex === i) inputs.push("x");
    if (i < batch.length) inputs.push(batch.values![i] as number);
  }
  return inputs;
}

describe("cutAfter", () => {
  const mixed = ["x", "x", 2, "x", 4, 5, "x", "x", 8, "x"] as const;

  it("cuts at every position, a rejected input's too, and every input is in one part", () => {
    for (let at = 0; at < mixed.length - 1; at++) {
      const [head, rest] = cutAfter(batchOf(mixed), String(at))!;
      expect([inputsOf(head), inputsOf(rest)], `at ${at}`).toEqual([mixed.slice(0, at + 1), mixed.slice(at + 1)]);
      expect([head.endPosition, rest.endPosition]).toEqual([String(at), "9"]);
      expect([...rest.timestamps!]).toEqual(rest.values);
      for (let i = 0; i < rest.length; i++) expect(rest.positionAt(i)).toBe(String(rest.values![i]));
    }
  });

  it("answers undefined at the end, at a position that is not in the batch, and without one", () => {
    expect([cutAfter(batchOf(mixed), "9"), cutAfter(batchOf(mixed), "77"), cutAfter(batchOf(mixed), undefined)]).toEqual([undefined, undefined, undefined]);
  });

  it("a cut batch can be cut again", () => {
    const [, rest] = cutAfter(batchOf(mixed), "3")!;
    const [middle, last] = cutAfter(rest, "6")!;
    expect([inputsOf(middle), inputsOf(last)]).toEqual([[4, 5, "x"], ["x", 8, "x"]]);
  });
});
