// A Redis sink on a node of a cluster.
import type { SinkSession } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { redisSink } from "@streamflow/sink/redis";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { redis } from "./testbed/index.ts";

const open = (url: string, key: string): Promise<SinkSession> =>
  redisSink({ url, kind: "set", key }).open({ environment: { ...testEnvironment().environment, clock: systemClock() }, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });
const batch = { length: 2, values: [{ id: 1 }, { id: 2 }], timestamps: Float64Array.of(NaN, NaN), identityAt: (index: number) => ({ shard: "k:0", origin: "0", index }) };
const commit = { epoch: 1, shards: [{ shard: "k:0", generation: 1, epoch: 1, positions: {} }] };

it("keys of one hash tag are one transaction; others are refused, with what to do", async () => {
  const server = await redis.start({ settings: { "cluster-enabled": "yes" } });
  const node = new Redis(server.url);
  try {
    await node.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    while (!String(await node.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await new Promise((resolve) => setTimeout(resolve, 10));
    const session = await open(server.url, "{{users}}:{id}");
    await session.write(batch);
    await session.commitTransaction?.(commit);
    expect(await node.mget("{users}:1", "{users}:2")).toEqual(['{"id":1}', '{"id":2}']);
    const other = await open(server.url, "user:{id}");
    await other.write(batch);
    await expect(other.commitTransaction?.(commit)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", hint: expect.stringContaining("{{orders}}") as string });
    await session.close();
    await other.close();
  } finally {
    node.disconnect();
    await server.stop();
  }
});
