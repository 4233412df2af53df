// Records that are JavaScript values already, against the schema that their source declares.
import { conform, StreamFlowError, type Batch, type Schema } from "@streamflow/core";
import type { PartitionReaders } from "../partition-readers.ts";
import { rejectWhere } from "./reject-where.ts";

/** Readers whose records are checked: one that is no value of the schema is rejected with SF_TYPE_MISMATCH, which names the path. */
export function conforming(readers: PartitionReaders, schema: Schema): PartitionReaders {
  const problem = (value: unknown): StreamFlowError | undefined => {
    try {
      conform(value, schema);
      return undefined;
    } catch (thrown) {
      if (StreamFlowError.is(thrown)) return thrown;
      throw thrown;
    }
  };
  return {
    partitions: () => readers.partitions(),
    // Whole records are checked, so none of their fields may be left out.
    read: (partition, from, context) => checked(readers.read(partition, from, { ...context, projection: "all" }), problem, context.maxRejectedBytes),
    progress: () => readers.progress?.(),
    committed: (positions) => readers.committed?.(positions),
    close: () => readers.close?.(),
  };
}

async function* checked(batches: AsyncIterable<Batch>, problem: (value: unknown) => StreamFlowError | undefined, maxBytes: number): AsyncGenerator<Batch> {
  for await (const batch of batches) yield rejectWhere(batch, problem, maxBytes);
}
