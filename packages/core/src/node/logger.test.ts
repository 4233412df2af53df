import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { registerConformance } from "../testing/conformance/case.ts";
import { loggerConformance } from "../testing/conformance/logger.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { jsonLogger, textLogger, type LoggerOptions } from "./logger.ts";
import { Redactor } from "./redactor.ts";

function setup(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(text), writableLength: 0 };
  return { lines, stream, options: { clock: new ManualClock(), stream, ...options } satisfies LoggerOptions };
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("text logger", () => {
  it("writes time, level, message and fields on one line", () => {
    const { lines, options } = setup();
    textLogger(options).info("opened the source", { node: "orders", partitions: 4, list: [1, "a"] });
    expect(lines).toEqual(['2026-01-01T00:00:00.000Z info opened the source node="orders" partitions=4 list=[1,"a"]\n']);
  });

  it("a message cannot begin a line of its own", () => {
    const { lines, options } = setup();
    textLogger(options).warn("first\r\n2026 error forged\u2028line", { text: "a\nb" });
    expect(lines).toEqual(['2026-01-01T00:00:00.000Z warn first 2026 error forged line text="a\\nb"\n']);
  });
});

describe("json logger", () => {
  it("writes one object per line; fields named like its own are renamed", () => {
    const { lines, options } = setup();
    jsonLogger(options).error("failed", { node: "a", level: 7 });
    expect(lines[0]?.endsWith("}\n")).toBe(true);
    expect(parsed(lines)).toEqual([{ time: "2026-01-01T00:00:00.000Z", level: "error", message: "failed", node: "a", field_level: 7 }]);
  });

  it("shows errors with code, hint and causes", () => {
    const { lines, options } = setup();
    const error = new StreamFlowError("SF_DISK_FULL", "no room", { cause: new TypeError("inner"), context: { path: "/a" } });
    jsonLogger(options).error("failed", { error });
    expect(parsed(lines)[0]?.["error"]).toMatchObject({ name: "StreamFlowError", code: "SF_DISK_FULL", message: "no room", hint: expect.any(String), context: { path: "/a" }, cause: { name: "TypeError", message: "inner" } });
  });

  it("takes any value without failing: circles, big numbers, maps, bytes, functions, things that throw", () => {
    const { lines, options } = setup();
    const circle: Record<string, unknown> = { a: 1 };
    circle["self"] = circle;
    const trap = Object.defineProperty({}, "x", { enumerable: true, get: () => { throw new Error("no"); } });
    const fields = { circle, big: 2n ** 64n, nan: NaN, map: new Map([["k", 1]]), set: new Set([1]), bytes: new Uint8Array(3), fn: () => 1, date: new Date(0), bad: new Date(NaN), none: undefined, nil: null, trap };
    jsonLogger(options).info("all", fields);
    expect(parsed(lines)[0]).toMatchObject({ circle: { a: 1, self: "[circular]" }, big: "18446744073709551616", nan: "NaN", map: { k: 1 }, set: [1], bytes: "[3 bytes]", date: "1970-01-01T00:00:00.000Z", bad: "Invalid Date", nil: null, trap: { x: "[unreadable]" } });
  });

  it("cuts what is deep or long", () => {
    const { lines, options } = setup();
    let deep: unknown = "bottom";
    for (let i = 0; i < 50; i++) deep = { deep };
    jsonLogger(options).info("big", { deep, list: Array.from({ length: 1000 }, (_, i) => i) });
    expect(lines[0]?.length).toBeLessThan(1000);
    expect(lines[0]).toContain("[deep]");
    expect(lines[0]).toContain("[900 more]");
  });
});

describe("both loggers", () => {
  it.each([["text", textLogger], ["json", jsonLogger]] as const)("%s: hides secrets in message, fields, names, errors and causes", (_name, make) => {
    const redactor = new Redactor();
    redactor.add("hunter22");
    const { lines, options } = setup({ redactor });
    const error = new Error("login with hunter22 failed", { cause: new Error("hunter22") });
    make(options).error("hunter22 is wrong", { url: "pg://u:hunter22@h", deep: { list: ["hunter22"] }, hunter22: 1, error });
    expect(lines.join("")).not.toContain("hunter22");
    expect(lines.join("")).toContain("[secret]");
  });

  it("leave out what is below the level", () => {
    const { lines, options } = setup({ level: "warn" });
    const logger = jsonLogger(options);
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    expect(parsed(lines).map((line) => line["level"])).toEqual(["warn", "error"]);
    const { lines: usual, options: standard } = setup();
    jsonLogger(standard).debug("hidden");
    jsonLogger(standard).info("shown");
    expect(usual.length).toBe(1);
  });

  it("drop and count lines while the stream is too slow, and say so afterwards", () => {
    const { lines, stream, options } = setup({ maxBufferedBytes: 100 });
    const logger = jsonLogger(options);
    stream.writableLength = 101;
    logger.info("a");
    logger.info("b");
    stream.writableLength = 100;
    logger.info("c");
    expect(parsed(lines).map(({ message, dropped }) => [message, dropped])).toEqual([["log lines were dropped: the log stream is too slow or fails", 2], ["c", undefined]]);
  });
});

describe.each([["text", textLogger], ["json", jsonLogger]] as const)("the promises of a logger: %s", (_name, make) => {
  registerConformance(
    it,
    loggerConformance({
      capabilities: { learn: true, fail: true },
      create: () => {
        const { lines, stream, options } = setup({ level: "debug", redactor: new Redactor() });
        return {
          logger: make(options),
          lines: () => lines.map((line) => line.slice(0, -1)),
          learn: (secret) => options.redactor?.add(secret),
          fail: () => void (stream.write = () => { throw new RangeError("the stream is gone"); }),
        };
      },
    }),
  );
});
