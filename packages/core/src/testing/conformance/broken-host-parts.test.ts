// Proves that the cases of loggers, secrets and hosts can fail: each fake here breaks one promise, and the case of that promise must notice.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Logger, Secrets } from "../../contracts/environment.ts";
import type { Host, HostStores } from "../../host.ts";
import { jsonLogger, type LogStream } from "../../node/logger.ts";
import { Redactor } from "../../node/redactor.ts";
import { standardFunctions } from "../../plan/functions.ts";
import { Registry } from "../../registry.ts";
import { testEnvironment } from "../environment.ts";
import { ManualClock } from "../manual-clock.ts";
import { memoryStores, MemoryStorage } from "../memory-stores.ts";
import { failing } from "./failing.fixture.ts";
import { registerConformance } from "./case.ts";
import { hostConformance, type HostHarness } from "./host.ts";
import { loggerConformance } from "./logger.ts";
import { secretsConformance } from "./secrets.ts";

type Level = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

function loggerOf(log: (level: Level, message: string, fields: Fields) => void): Logger {
  const of = (level: Level) => (message: string, fields: Fields = {}): void => log(level, message, fields);
  return { debug: of("debug"), info: of("info"), warn: of("warn"), error: of("error") };
}

describe("broken loggers", () => {
  type Make = (good: Logger, stream: LogStream, redactor: Redactor) => Logger;
  const broken: readonly (readonly [id: string, what: string, make: Make])[] = [
    ["LGR-1", "fields must be JSON", (_good, stream) => loggerOf((level, message, fields) => void stream.write(`${JSON.stringify({ level, message, fields })}\n`))],
    ["LGR-1", "a failing stream is the caller's", (_good, stream) => loggerOf((level, message, fields) => void stream.write(inspect({ level, message, fields }, { breakLength: Infinity, compact: true }).replaceAll("\n", " ") + "\n"))],
    ["LGR-2", "fields are marked", (good) => loggerOf((level, message, fields) => good[level](message, Object.assign(fields, { logged: true })))],
    ["LGR-2", "fields are written later", (_good, stream) => {
      const kept: Fields[] = [];
      return loggerOf((level, message, fields) => {
        kept.push(fields);
        stream.write(lazy(() => `${level} ${message} ${inspect(fields)}`));
      });
    }],
    ["LGR-3", "warnings come first", (good, stream) => loggerOf((level, message, fields) => (level === "warn" ? good.warn(message, fields) : void queueMicrotask(() => void stream.write(`${level} ${message}\n`))))],
    ["LGR-3", "messages are written as they are", (_good, stream) => loggerOf((level, message) => void stream.write(`${level} ${message}\n`))],
    ["LGR-4", "fields may hide level and message", (good) => loggerOf((level, message, fields) => good[level](String(fields["message"] ?? message), Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "message"))))],
    ["LGR-4", "one bad field takes all along", (good) => loggerOf((level, message, fields) => {
      try {
        good[level](message, { ...fields });
      } catch {
        good[level](message);
      }
    })],
    ["LGR-5", "only messages are cleaned", (_good, stream, redactor) => {
      const bare = jsonLogger({ clock: new ManualClock(), stream, level: "debug" });
      return loggerOf((level, message, fields) => bare[level](redactor.redact(message), fields));
    }],
    ["LGR-5", "short values are hidden too", (good) => loggerOf((level, message, fields) => good[level](message.replaceAll("1", "*"), fields))],
  ];

  it.each(broken)("%s: %s", async (id, _what, make) => {
    const cases = loggerConformance({
      capabilities: { learn: true, fail: true },
      create: () => {
        const written: (string | (() => string))[] = [];
        let isFailing = false;
        const stream: LogStream = {
          write: (text) => {
            if (isFailing) throw new RangeError("the stream is gone");
            return written.push(text);
          },
        };
        const redactor = new Redactor();
        const logger = make(jsonLogger({ clock: new ManualClock(), stream, level: "debug", redactor }), stream, redactor);
        return { logger, lines: () => written.map(String).join("").split(/\n(?=.)|\n$/).filter((line) => line !== ""), learn: (secret) => redactor.add(secret), fail: () => void (isFailing = true) };
      },
    });
    expect(await failing(cases, id)).toContain(id);
  });

  /** A text that is made when it is looked at. */
  function lazy(make: () => string): string {
    return { toString: () => `${make()}\n` } as unknown as string;
  }
});

describe("broken secrets", () => {
  const broken: readonly (readonly [id: string, what: string, make: (values: Readonly<Record<string, string>>) => Secrets])[] = [
    ["SEC-1", "an empty value is none", (values) => ({ get: (name) => (Object.hasOwn(values, name) ? values[name] || undefined : undefined) })],
    ["SEC-1", "inherited names are found", (values) => ({ get: (name) => values[name] })],
    ["SEC-1", "case does not matter", (values) => ({ get: (name) => (Object.hasOwn(values, name.toUpperCase()) ? values[name.toUpperCase()] : undefined) })],
    ["SEC-1", "values are trimmed", (values) => ({ get: (name) => (Object.hasOwn(values, name) ? values[name]?.replaceAll("\\n", "\n") : undefined) })],
    ["SEC-2", "values are a property", (values) => ({ values, get: (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined) })],
    ["SEC-2", "values that were read are kept in sight", (values) => {
      const secrets = { seen: [] as unknown[], get: (name: string) => (Object.hasOwn(values, name) ? (secrets.seen.push(values[name]), values[name]) : undefined) };
      return secrets;
    }],
  ];
  it.each(broken)("%s: %s", async (id, _what, create) => {
    expect(await failing(secretsConformance({ create }), id)).toContain(id);
  });
});

describe("hosts in memory", () => {
  const registry = new Registry().addFunctions(...standardFunctions).add(
    { kind: "source", type: "none", summary: "None.", fields: {}, example: "type: none", create: () => { throw new RangeError("never made"); } },
    { kind: "sink", type: "none", summary: "None.", fields: {}, example: "type: none", create: () => { throw new RangeError("never made"); } },
  );

  function harness(change: (host: Host, folders: Map<string, MemoryStorage>) => Partial<Host> = () => ({})): HostHarness {
    const folders = new Map<string, MemoryStorage>();
    let count = 0;
    return {
      folder: () => `/data/new/${count++}`,
      create: () => {
        const { environment } = testEnvironment();
        const openStores = async (folder: string): Promise<HostStores> => {
          const storage = folders.get(folder) ?? new MemoryStorage();
          folders.set(folder, storage);
          return memoryStores(environment.clock, storage);
        };
        const host: Host = { environment, registry, openStores };
        return { ...host, ...change(host, folders) };
      },
    };
  }

  registerConformance(it, hostConformance(harness()));

  it.each([
    ["HST-1", "nothing is kept", harness(({ environment }) => ({ openStores: async () => memoryStores(environment.clock) }))],
    ["HST-1", "all folders are one", harness((host) => ({ openStores: () => host.openStores("/data/one") }))],
    ["HST-1", "one store is missing", harness((host) => ({ openStores: async (folder) => ({ ...(await host.openStores(folder)), logs: memoryStores(host.environment.clock).logs }) }))],
    ["HST-2", "it knows nothing", harness(() => ({ registry: new Registry() }))],
    ["HST-2", "it takes memory before it is used", harness((host) => {
      host.environment.budget.tryTake(1, 0);
      return {};
    })],
  ] as const)("%s: one where %s", async (id, _what, broken) => {
    expect(await failing(hostConformance(broken), id)).toContain(id);
  });
});
