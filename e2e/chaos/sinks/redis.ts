// Two lists of Redis, under a prefix of their own for each run: transactional, sink-first.
import { type ChaosSink, counted } from "./chaos-sink.ts";

interface Place {
  readonly url: string;
  readonly prefix: string;
}

let runs = 0;

export const redis: ChaosSink = {
  server: "redis",
  async sinks(place) {
    const { redisSink } = await import("@streamflow/sink/redis");
    const { url, prefix } = JSON.parse(place) as Place;
    // What a run writes has one hash tag: the heads of its sinks are then its own too.
    return { windows: redisSink({ url, kind: "list", key: `${prefix}:windows` }), late: redisSink({ url, kind: "list", key: `${prefix}:late` }) };
  },
  async open(_folder, url) {
    const { Redis } = await import("ioredis");
    const client = new Redis(url);
    const prefix = `{{run-${++runs}}}`;
    const key = (name: string): string => `{run-${runs}}:${name}`;
    const [windows, late] = [key("windows"), key("late")];
    const rows = async (list: string): Promise<readonly unknown[]> => (await client.lrange(list, 0, -1)).map((text): unknown => JSON.parse(text));
    return {
      place: JSON.stringify({ url, prefix } satisfies Place),
      read: async () => counted({ windows: await rows(windows), late: await rows(late) }),
      size: async () => (await client.llen(windows)) + (await client.llen(late)),
      close: async () => client.disconnect(),
    };
  },
};
