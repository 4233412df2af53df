// What a source gives with an assignment reaches the sinks with every commit of that shard, and no other.
import { expect, it } from "vitest";
import type { Sink, SinkCommit } from "../contracts/sink.ts";
import type { Source } from "../contracts/source.ts";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";

/** Gives each partition but "2" a token of its own. */
function withTokens(source: Source): Source {
  return {
    ...source,
    open: (context) =>
      source.open({
        ...context,
        partitions: { ...context.partitions, assigned: (all) => context.partitions.assigned(all.map((one) => (one.partition === "2" ? one : { ...one, commitToken: `token of ${one.partition}` }))) },
      }),
  };
}

it("commit tokens go from the assignment to the sink's transaction, by shard", async () => {
  const commits: SinkCommit[] = [];
  const sink: Sink = {
    type: "noting",
    config: {},
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    open: async () => ({ write: () => undefined, flush: async () => undefined, recover: async () => [], commitTransaction: async (commit) => void commits.push(commit), discard: async () => undefined, close: async () => undefined }),
  };
  const driver = new PipelineDriver({
    build: (ends) => new Pipeline({ name: "tokens", checkpoint: { everyMs: 3_600_000 } }).from(withTokens(ends.source())).to(sink),
    brokers: { in: { partitions: ["0", "1", "2"] } },
  });
  await driver.start();
  driver.push(["a"], "0");
  driver.push(["b"], "1");
  driver.push(["c"], "2");
  await driver.checkpoint();
  const last = commits.at(-1);
  expect(last?.shards.map(({ shard }) => shard)).toEqual(["p:broker/0", "p:broker/1", "p:broker/2"]);
  expect(last?.commitTokens).toEqual(new Map([["p:broker/0", "token of 0"], ["p:broker/1", "token of 1"]]));
});
