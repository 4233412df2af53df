// Named exports only.
export { kafkaSink } from "./kafka/kafka-sink.ts";
export type { KafkaSinkOptions } from "./kafka/kafka-sink.ts";
export type { KafkaCompression } from "./kafka/producer.ts";
export type { RecordFormat } from "./connectors/record-bytes.ts";
