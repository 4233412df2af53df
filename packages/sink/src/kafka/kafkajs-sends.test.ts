import { describe, expect, it } from "vitest";
import { KafkaJsBatch } from "./kafkajs-batch.ts";
import { KafkaJsSends, type TopicMessages } from "./kafkajs-sends.ts";

function batchOf(text: string): KafkaJsBatch {
  const batch = new KafkaJsBatch();
  batch.add({ bytes: Buffer.from(text), keyStart: -1, keyEnd: -1, valueStart: 0, valueEnd: text.length, timestampMs: 5, headers: undefined });
  return batch;
}

const shown = (topics: TopicMessages): readonly string[] => topics.flatMap(({ topic, messages }) => messages.map(({ partition, value }) => `${topic}-${partition} ${String(value)}`));

describe("sends of kafkajs", () => {
  it("one request after another; what waits goes together, each partition once", async () => {
    const requests: (readonly string[])[] = [];
    const gates: PromiseWithResolvers<void>[] = [];
    const sends = new KafkaJsSends(async (topics) => {
      requests.push(shown(topics));
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
    });
    const all = [sends.send("t", 0, batchOf("a")), sends.send("t", 0, batchOf("b")), sends.send("t", 0, batchOf("c")), sends.send("t", 1, batchOf("d")), sends.send("u", 0, batchOf("e"))];
    expect(requests).toEqual([["t-0 a"]]);
    gates[0]?.resolve();
    await all[0];
    await Promise.resolve();
    expect(requests[1]).toEqual(["t-0 b", "t-1 d", "u-0 e"]);
    gates[1]?.resolve();
    await Promise.all([all[1], all[3], all[4]]);
    await Promise.resolve();
    expect(requests[2]).toEqual(["t-0 c"]);
    gates[2]?.resolve();
    await Promise.all(all);
  });

  it("behind a failure everything fails", async () => {
    const sends = new KafkaJsSends(async () => {
      await Promise.resolve();
      throw new TypeError("no");
    });
    const ends = await Promise.allSettled([sends.send("t", 0, batchOf("a")), sends.send("t", 0, batchOf("b"))]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(sends.send("t", 1, batchOf("c"))).rejects.toThrow("no");
  });
});
