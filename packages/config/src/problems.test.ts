import { expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { maxDiagnostics } from "./diagnostic.ts";
import { Problems } from "./problems.ts";

const start = { line: 1, column: 1 };

it("tells everything in the order of the text, up to a bound", () => {
  const problems = new Problems("p.yaml");
  problems.throwIfAny();
  problems.add({ line: 3, column: 1 }, "c", "third");
  problems.add({ line: 2, column: 9 }, "b", "second", "a hint");
  problems.add({ line: 2, column: 1 }, "", "first");
  expect(problems.toError().diagnostics).toEqual([
    { code: "SF_CONFIG_INVALID", message: "first", location: { file: "p.yaml", line: 2, column: 1 } },
    { code: "SF_CONFIG_INVALID", message: "second", location: { file: "p.yaml", line: 2, column: 9, path: "b" }, hint: "a hint" },
    { code: "SF_CONFIG_INVALID", message: "third", location: { file: "p.yaml", line: 3, column: 1, path: "c" } },
  ]);
  for (let i = 0; i < 1000; i++) problems.add(start, "", "again");
  expect(problems.toError().diagnostics.length).toBe(maxDiagnostics);
  expect(() => problems.throwIfAny()).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});

it("keeps the code and hint of what was thrown; anything else is a bug of the component", () => {
  const problems = new Problems(undefined);
  problems.addThrown(new StreamFlowError("SF_WINDOW_INVALID", "no", { hint: "yes" }), { place: start, path: "x" });
  problems.addThrown(new TypeError("undefined is not a function"), { place: start, path: "x" });
  expect(problems.toError().diagnostics.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    ["SF_WINDOW_INVALID", "no", "yes"],
    ["SF_INTERNAL", "undefined is not a function", undefined],
  ]);
});

it("P2: secrets that became known later are hidden as well, in message, hint and path", () => {
  const problems = new Problems(undefined);
  problems.add(start, 'headers["hunter2"]', "got hunter2", "not hunter2");
  problems.secrets.add("hunter2");
  const error = problems.toError();
  expect(JSON.stringify(error.diagnostics) + error.message + error.hint + error.stack).not.toContain("hunter2");
});
