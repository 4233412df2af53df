import { describe, expect, it } from "vitest";
import { readArguments, usage } from "./arguments.ts";

describe("readArguments", () => {
  it("has defaults for everything but the folder", () => {
    expect(readArguments(["pipelines"])).toEqual({ folder: "pipelines", dataFolder: ".streamflow", address: "127.0.0.1", port: 8080, graceMs: 10_000, logLevel: "info", logFormat: "json" });
  });

  it("reads every option", () => {
    const given = ["p", "--data", "d", "--address", "0.0.0.0", "--port", "0", "--grace", "1m", "--log-level", "warn", "--log-format", "text"];
    expect(readArguments(given)).toEqual({ folder: "p", dataFolder: "d", address: "0.0.0.0", port: 0, graceMs: 60_000, logLevel: "warn", logFormat: "text" });
    for (const option of given.filter((word) => word.startsWith("--"))) expect(usage).toContain(option);
  });

  it("helps", () => expect(readArguments(["--help", "whatever"])).toBe("help"));

  it.each([
    [[], "a folder with pipelines is expected"],
    [["a", "b"], "one folder is expected, got 2"],
    [["a", "--port", "x"], '--port: a number up to 65535 is expected, got "x"'],
    [["a", "--port", "65536"], "--port"],
    [["a", "--grace", "soon"], "--grace"],
    [["a", "--grace=-5s"], "--grace: at least 0s"],
    [["a", "--log-level", "loud"], "--log-level: debug, info, warn, error are possible"],
    [["a", "--nope"], "--nope"],
  ])("refuses %j", (given, message) => {
    expect(() => readArguments(given)).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID", message: expect.stringContaining(message) as string }));
  });
});
