// The promises of every source, kept by the Kafka source on a real broker: with both drivers, alone and in a group.
import type { Environment, Source } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { registerConformance, sourceConformance, testEnvironment, type SourceHarness } from "@streamflow/core/testing";
import type { KafkaDriver } from "@streamflow/kafka";
import { kafkaSource } from "@streamflow/ingest/kafka";
import { describe, inject, it, vi } from "vitest";
import { freshName, makeTopic, send } from "./topics.fixture.ts";

const bootstrap = inject("kafka");
const partitions = 3;

interface Subject {
  readonly topic: string;
  readonly group: string;
  readonly records: ReadonlyMap<string, readonly unknown[]>;
}

function harness(driver: KafkaDriver, inGroup: boolean): SourceHarness<Subject> {
  const source = ({ topic, group }: Subject): Source => kafkaSource({
    brokerList: [bootstrap], driver, topic, maxWaitMs: 100, sessionTimeoutMs: 6_000,
    ...(inGroup ? { group } : { bounded: true }),
  });
  return {
    capabilities: { replayable: true, bounded: !inGroup, deterministic: true, ...(inGroup ? { shared: true } : {}) },
    readAheadRecords: 1_000_000,
    async create(count) {
      const subject = { topic: freshName("conformance"), group: freshName("group"), records: new Map<string, unknown[]>() };
      await makeTopic(bootstrap, subject.topic, { partitions });
      for (let partition = 0; partition < partitions; partition++) subject.records.set(`${subject.topic}-${partition}`, []);
      const messages = Array.from({ length: count }, (_, id) => {
        const partition = (id * 7) % partitions;
        const value = { id, text: `record ${id}`, nested: { at: id % 5 } };
        subject.records.get(`${subject.topic}-${partition}`)?.push(value);
        return { partition, value: JSON.stringify(value) };
      });
      await send(bootstrap, subject.topic, messages);
      return subject;
    },
    source,
    expected: ({ records }) => records,
    environment: (): Environment => ({ ...testEnvironment({ settings: { FLOW_STREAMING_ENABLED: "true" } }).environment, clock: systemClock() }),
  };
}

vi.setConfig({ testTimeout: 60_000 });

describe.each([["platformatic", false], ["platformatic", true], ["kafkajs", false], ["kafkajs", true]] as const)("driver %s, in a group: %s", (driver, inGroup) => {
  registerConformance(it, sourceConformance(harness(driver, inGroup)));
});
