import { describe, expect, it } from "vitest";
import { ConfigError } from "@streamflow/config";
import { StreamFlowError } from "@streamflow/core";
import { diagnosticsOf, errorDocument, renderError } from "./render-error.ts";

const plain = { paint: (text: string) => text, debug: false };
const two = new ConfigError([
  { code: "SF_CONFIG_INVALID", message: "size is wrong", location: { file: "a.yaml", line: 3, column: 5, path: "stages[0].size" }, hint: "write 5s" },
  { code: "SF_SECRET_MISSING", message: "no X", location: { file: "a.yaml", line: 9, column: 1 } },
]);

describe("renderError", () => {
  it("shows every mistake with its place and hint", () => {
    expect(renderError(two, plain)).toBe(
      "error[SF_CONFIG_INVALID]: size is wrong\n  --> a.yaml:3:5   stages[0].size\n  hint: write 5s\n\nerror[SF_SECRET_MISSING]: no X\n  --> a.yaml:9:1\n",
    );
  });

  it("shows no stack unless asked for; then those of the causes too", () => {
    const error = new StreamFlowError("SF_SINK_FAILED", "the sink broke", { cause: new TypeError("deep inside") });
    expect(renderError(error, plain)).toBe("error[SF_SINK_FAILED]: the sink broke\n");
    expect(renderError(error, { ...plain, debug: true })).toMatch(/the sink broke\n[^]* at [^]*caused by: TypeError: deep inside\n[^]* at /);
  });

  it("sets the head and the hint off", () => {
    const painted = renderError(two, { paint: (text, tint) => `<${tint}>${text}`, debug: false });
    expect(painted).toContain("<red>error[SF_SECRET_MISSING]: no X");
    expect(painted).toContain("<cyan>  hint: write 5s");
  });
});

it("what is no StreamFlowError is a bug of ours", () => {
  expect(diagnosticsOf(new RangeError("oops"))).toEqual([{ code: "SF_INTERNAL", message: "unexpected failure: oops", location: {}, hint: expect.stringContaining("report it") as string }]);
  expect(errorDocument("text")).toMatchObject({ code: "SF_INTERNAL", message: "unexpected failure: text" });
});

it("errorDocument holds every mistake", () => {
  expect(errorDocument(two)).toMatchObject({ code: "SF_CONFIG_INVALID", diagnostics: [{ location: { line: 3 } }, { code: "SF_SECRET_MISSING" }] });
});
