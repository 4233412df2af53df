// Between the reader of record batches and the builder of blocks.
import { readHeaders, type RecordVisitor } from "@streamflow/kafka";
import type { BlockBuilder } from "./block-builder.ts";

/** Puts every record that is read into a block. */
export function visitorOf(builder: BlockBuilder): RecordVisitor {
  const { wantsHeaders } = builder;
  return {
    reserve: (bytes) => builder.reserve(bytes),
    record: (place, bytes) => builder.add(place, bytes, wantsHeaders ? readHeaders(bytes, place.headersStart) : undefined),
  };
}
