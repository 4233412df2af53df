import { generatedFunction, mayGenerateCode } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { memoVariables, numberVariables, wholeNumberCode } from "./number-code.ts";

/** Writes numbers with a comma behind each; `?` stands for one that the code leaves to others. */
function writer(memo: string | undefined): (values: readonly number[]) => string {
  const bound: unknown[] = [];
  const code = wholeNumberCode({ bind: (value) => `$${bound.push(value) - 1}`, ...(memo === undefined ? {} : { memo }) });
  const body = `return function write(values,b){let p=0,v=0,${numberVariables}${memo === undefined ? "" : `,${memoVariables(memo)}`};for(v of values){${code}{b.setUint8(p++,63);}b.setUint8(p++,44);}return p;}`;
  const write = generatedFunction(bound.map((_, at) => `$${at}`), body)(...bound) as (values: readonly number[], view: DataView) => number;
  return (values) => {
    const bytes = Buffer.alloc(values.length * 17 + 8);
    return bytes.toString("latin1", 0, write(values, new DataView(bytes.buffer, bytes.byteOffset, bytes.length)));
  };
}

const edges = [0, -0, 1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 10_001, 99_999, 100_000, 99_999_999, 100_000_000, 100_000_001, 2 ** 31 - 1, 2 ** 31, 9_999_999_999_999, 1e15, 2 ** 53 - 1, 2 ** 53, 1.5, 100_000_000.5, -1, -100_000_000, NaN, Infinity];
const number = fc.oneof(
  fc.constantFrom(...edges), fc.maxSafeInteger(), fc.integer({ min: 0, max: 20_000 }), fc.integer(),
  // Few upper parts, in turns and one after the other, of different lengths.
  fc.tuple(fc.constantFrom(1, 14_369, 14_370, 9, 10, 90_071_991, 99_999), fc.nat({ max: 99_999_999 })).map(([upper, lower]) => upper * 100_000_000 + lower),
);

it.runIf(mayGenerateCode()).each([undefined, "7"])("writes whole numbers from 1 to 2^53 - 1 as String does, and leaves others alone (property; kept digits: %s)", (memo) => {
  const write = writer(memo);
  const expected = (values: readonly number[]): string => values.map((n) => `${Number.isSafeInteger(n) && n > 0 ? String(n) : "?"},`).join("");
  fc.assert(fc.property(fc.array(number, { maxLength: 40 }), (values) => void expect(write(values)).toBe(expected(values))), { numRuns: 2_000, examples: [[edges], [edges.toReversed()]] });
});
