import { describe, expect, it } from "vitest";
import type { Source } from "../contracts/source.ts";
import { checkParallelism, parallelismOf } from "./parallelism.ts";

const source = (parallel: boolean, parallelism?: number): Source => ({
  type: "test",
  config: {},
  capabilities: { replayable: true, bounded: true, deterministic: true, parallel },
  ...(parallelism === undefined ? {} : { parallelism }),
  open: () => Promise.reject(new Error("not opened")),
});

describe("parallelism", () => {
  it.each([1, 2, 256])("may be %d", (parallelism) => {
    expect(() => checkParallelism(parallelism, "a test")).not.toThrow();
  });

  it.each([0, -1, 1.5, NaN, Infinity, 257])("may not be %d", (parallelism) => {
    expect(() => checkParallelism(parallelism, 'pipeline "p"')).toThrow(`parallelism of pipeline "p" must be a whole number from 1 to 256, got ${parallelism}`);
  });

  it("is that of the source, else of the pipeline, else 1", () => {
    expect(parallelismOf({ source: source(true, 3) }, { name: "p", parallelism: 2 })).toBe(3);
    expect(parallelismOf({ source: source(true, 1) }, { name: "p", parallelism: 2 })).toBe(1);
    expect(parallelismOf({ source: source(true) }, { name: "p", parallelism: 2 })).toBe(2);
    expect(parallelismOf({ source: source(true) }, { name: "p" })).toBe(1);
  });

  it("is 1 where only one thread can read", () => {
    expect(parallelismOf({ source: source(false) }, { name: "p", parallelism: 2 })).toBe(1);
    expect(parallelismOf({}, { name: "p", parallelism: 2 })).toBe(1);
  });
});
