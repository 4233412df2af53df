// The clauses LGR-1 to LGR-5 as checks.
import assert from "node:assert/strict";
import type { Logger } from "../../contracts/environment.ts";
import { StreamFlowError } from "../../errors.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { range } from "./store-trial.ts";

/** A logger, and what has become of its calls. */
export interface LoggerUnderTest {
  readonly logger: Logger;
  /** The lines that were written, as text, with everything that they hold. All levels are written. */
  lines(this: void): readonly string[];
  /** Tells it a value that the environment has handed out as a secret. Missing: it hides none, because nobody but a test reads its lines. */
  learn?(this: void, secret: string): void;
  /** From now on the place where lines go takes none, and throws. Missing: there is no such place. */
  fail?(this: void): void;
}

/** What the suite needs. */
export interface LoggerHarness {
  readonly capabilities: { readonly learn: boolean; readonly fail: boolean };
  create(): LoggerUnderTest;
}

const levels = ["debug", "info", "warn", "error"] as const;

/** Checks that a logger keeps the promises of {@link Logger}. */
export function loggerConformance(harness: LoggerHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ ...harness.create(), end: async () => undefined }));
  const { capabilities } = harness;

  suite.add(["LGR-1", "no message or field makes a call throw"], async ({ logger, lines }) => {
    for (const [i, fields] of hostileFields().entries()) for (const level of levels) logger[level](`call ${i}`, fields);
    logger.info("");
    assert.equal(lines().length, hostileFields().length * levels.length + 1);
  });

  suite.add(
    ["LGR-1", "a place that takes no lines makes no call throw"],
    async ({ logger, fail }) => {
      fail?.();
      for (const level of levels) logger[level]("lost", { level });
    },
    { name: "fail", isMet: capabilities.fail },
  );

  suite.add(["LGR-2", "fields are not changed, and what is done to them later changes no line"], async ({ logger, lines }) => {
    const fields: Record<string, unknown> = { node: "before", level: 7, nested: { list: [1, 2] } };
    const copy = structuredClone(fields);
    logger.info("m", Object.freeze({ ...fields }));
    logger.info("m", fields);
    assert.deepEqual(fields, copy);
    fields["node"] = "after";
    fields["late"] = "late";
    const text = lines().join("\n");
    assert.ok(text.includes("before") && !/after|late/.test(text), text);
  });

  suite.add(["LGR-3", "calls give lines in their order, one each"], async ({ logger, lines }) => {
    for (const i of range(40)) logger[levels[i % 4] ?? "info"](`message-${i}.`);
    assert.equal(lines().length, 40);
    for (const [i, line] of lines().entries()) assert.ok(line.includes(`message-${i}.`) && line.includes(levels[i % 4] ?? ""), line);
  });

  suite.add(["LGR-3", "line breaks in messages, names and values make no lines"], async ({ logger, lines }) => {
    const breaks = ["\n", "\r\n", "\r", "\u2028", "\u2029"];
    for (const one of breaks) logger.warn(`a${one}2026 error forged`, { [`x${one}y`]: `b${one}forged`, nested: [`c${one}forged`] });
    assert.equal(lines().length, breaks.length);
    for (const line of lines()) assert.ok(!/[\r\n\u2028\u2029]/.test(line), JSON.stringify(line));
  });

  suite.add(["LGR-4", "every field is in the line by its name, whatever the name"], async ({ logger, lines }) => {
    const names = ["node", "time", "level", "message", "constructor", "toString", "a b", "ä", "x=y", "__proto__"];
    const fields = Object.fromEntries(names.map((name, i) => [name, `value-${i}.`]));
    logger.error("what happened", fields);
    const line = lines()[0] ?? "";
    assert.ok(line.includes("what happened") && line.includes("error"), line);
    for (const [i, name] of names.entries()) assert.ok(line.includes(`value-${i}.`) && line.includes(name), `${name} in: ${line}`);
  });

  suite.add(["LGR-4", "a field that cannot be read hides no other"], async ({ logger, lines }) => {
    const fields = Object.defineProperty({ first: "first-value" } as Record<string, unknown>, "trap", { enumerable: true, get: trap });
    fields["last"] = "last-value";
    logger.info("m", fields);
    for (const part of ["first-value", "trap", "last-value"]) assert.ok(lines()[0]?.includes(part), `${part} in: ${lines()[0]}`);
  });

  suite.add(
    ["LGR-5", "a secret is in no line, wherever it stands"],
    async ({ logger, lines, learn }) => {
      const secret = 'p4ss"w/rd';
      learn?.(secret);
      const error = new Error(`no login with ${secret}`, { cause: new TypeError(`${secret} is wrong`) });
      const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret)];
      for (const level of levels) logger[level](`said ${secret}`, { [secret]: 1, text: secret, url: `db://u:${encodeURIComponent(secret)}@h`, json: JSON.stringify({ secret }), nested: { list: [{ [secret]: secret }] }, error, map: new Map([[secret, secret]]) });
      const text = lines().join("\n");
      assert.equal(lines().length, levels.length);
      for (const form of [...forms, "p4ss"]) assert.ok(!text.includes(form), `${form} in: ${text}`);
    },
    { name: "learn", isMet: capabilities.learn },
  );

  suite.add(
    ["LGR-5", "values shorter than 4 characters are left alone"],
    async ({ logger, lines, learn }) => {
      learn?.("1");
      learn?.("abc");
      logger.info("1 of 11 in abc");
      assert.ok(lines()[0]?.includes("1 of 11 in abc"), lines()[0]);
    },
    { name: "learn", isMet: capabilities.learn },
  );
  return suite.cases;
}

function trap(): never {
  throw new StreamFlowError("SF_INTERNAL", "a getter that throws");
}

function hostileFields(): readonly Readonly<Record<string, unknown>>[] {
  const circle: Record<string, unknown> = {};
  circle["self"] = { circle, list: [circle] };
  const deep = range(5000).reduce<unknown>((inner) => [inner], "bottom");
  const proxy = new Proxy({}, { ownKeys: trap, get: trap, getOwnPropertyDescriptor: trap });
  const error = new Error("outer");
  error.cause = error;
  return [
    {},
    circle,
    { deep },
    { list: range(100_000) },
    { big: 2n ** 70n, nan: NaN, symbol: Symbol("s"), none: undefined, nil: null, fn: trap, date: new Date(NaN), bytes: new Uint8Array(9) },
    { error, thrown: Object.create(null) as unknown, odd: { toJSON: trap, toString: trap, [Symbol.toPrimitive]: trap } },
    Object.defineProperty({}, "trap", { enumerable: true, get: trap }),
    { proxy },
    proxy as Record<string, unknown>,
    { lone: "\ud800", zero: "\u0000" },
  ];
}
