// Named exports only.
export { kafkaSource } from "./kafka/kafka-source.ts";
export type { KafkaSourceOptions } from "./kafka/kafka-source.ts";
export type { KafkaStart } from "./kafka/kafka-session.ts";
export type { RecordFieldName, RecordFields } from "./kafka/record-fields.ts";
export type { OffsetSpec } from "./kafka/consumer.ts";
