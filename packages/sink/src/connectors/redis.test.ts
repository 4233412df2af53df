import { expect, it } from "vitest";
import { redisSink, type RedisSinkOptions } from "./redis.ts";

const url = "redis://u:hunter2@db.example:1234/3";

it("the plan shows no password, and what it can promise", () => {
  const sink = redisSink({ url, kind: "stream", key: "s", maxLength: 5 });
  expect(sink.config).toEqual({ server: "db.example:1234/3", kind: "stream", key: "s", maxLength: 5 });
  expect(sink.capabilities).toEqual({ delivery: "transactional", commitOrder: "sink-first" });
  expect(["set", "hash", "stream", "list", "publish"].map((kind) => redisSink({ url, kind: kind as "set", key: "k" }).needs?.insertOnly)).toEqual([false, false, true, true, true]);
  expect(redisSink({ url: "redis:///", kind: "set", key: "k" }).config).toMatchObject({ server: "localhost:6379", format: "json" });
});

const wrong: readonly RedisSinkOptions[] = [
  { url: "http://x/", kind: "set", key: "k" }, { url: "x", kind: "set", key: "k" }, { url, kind: "set", key: "" }, { url, kind: "set", key: "{" }, { url, kind: "set", key: "a{}" },
  { url, kind: "stream", key: "k", ttlMs: 5 }, { url, kind: "set", key: "k", ttlMs: 0 }, { url, kind: "set", key: "k", maxLength: 5 }, { url, kind: "list", key: "k", maxLength: 0.5 },
  { url, kind: "hash", key: "k", format: "json" }, { url, kind: "stream", key: "k", format: "csv" }, { url, kind: "set", key: "k", timeoutMs: -1 },
];
it.each(wrong.map((options) => [JSON.stringify(options), options] as const))("refuses %s", (_, options) => {
  expect(() => redisSink(options)).toThrowError(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
});
