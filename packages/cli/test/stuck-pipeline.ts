// A code pipeline whose sink never answers: only an abort ends it.
import { Pipeline, type Sink, type Source } from "@streamflow/core";

const source: Source<number> = {
  type: "one",
  config: {},
  capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
  open: async ({ partitions }) => {
    await partitions.assigned([{ partition: "0", generation: 1 }]);
    let isRead = false;
    return {
      poll: (partition) => {
        if (isRead) return "end";
        isRead = true;
        return { partition, length: 1, values: [1], endPosition: "1", byteLength: 1, positionAt: () => "1" };
      },
      ready: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  },
};

const never = new Promise<void>(() => undefined);

export const pipeline = (options: Readonly<Record<string, string>>): Pipeline => {
  const sink: Sink = {
    type: "stuck",
    config: {},
    capabilities: { delivery: "at-least-once" },
    open: async () => ({
      write: () => {
        process.stderr.write("the sink is stuck\n");
        return never;
      },
      flush: () => never,
      close: () => Promise.resolve(),
    }),
  };
  return new Pipeline({ name: options["name"] ?? "stuck" }).from(source).to(sink) as Pipeline;
};
