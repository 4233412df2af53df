// The rows of a job from a topic, read by a member of a group. It says how far each partition is committed.
import type { Position, Source, SourceSession } from "@streamflow/core";
import { kafkaSource } from "@streamflow/ingest/kafka";
import { type Job, rowSchema } from "./job.ts";
import type { Row } from "./rows.ts";

/** Where the rows are. */
export interface KafkaInput {
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly driver: "platformatic" | "kafkajs";
}

/** A dead member is out of the group after this. */
export const sessionMs = 1_000;

/** The source, and what it tells: `at <partition> <offset>`. */
export function watchedKafka({ kafka }: Pick<Job, "kafka">, tell: (line: string) => void): Source<Row> {
  if (kafka === undefined) throw new Error("the job names no topic");
  const { bootstrap, ...input } = kafka;
  const source = kafkaSource<Row>({ brokerList: [bootstrap], ...input, schema: rowSchema, maxWaitMs: 50, fetchBytes: 64 << 10, sessionTimeoutMs: sessionMs, rebalanceTimeoutMs: 10_000, requestTimeoutMs: 5_000 });
  const said = (positions: ReadonlyMap<string, Position>): void => positions.forEach((position, partition) => tell(`at ${partition} ${position}`));
  return {
    ...source,
    async open(context) {
      const session = await source.open({
        ...context,
        partitions: {
          ...context.partitions,
          async assigned(assignments) {
            const starts = await context.partitions.assigned(assignments);
            for (const [partition, position] of starts) if (position !== undefined) said(new Map([[partition, position]]));
            return starts;
          },
        },
      });
      return watched(session, said);
    },
  };
}

function watched(session: SourceSession, said: (positions: ReadonlyMap<string, Position>) => void): SourceSession {
  return {
    poll: (partition, limits) => session.poll(partition, limits),
    ready: () => session.ready(),
    close: () => session.close(),
    committed(positions) {
      said(positions);
      return session.committed?.(positions);
    },
  };
}
