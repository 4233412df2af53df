// Named exports only.
export { connectionFields } from "./connection-fields.ts";
export { brokerErrorOf, isPassing, kafkaError } from "./errors.ts";
export type { KafkaEnd } from "./errors.ts";
export { kafkaJsClient, loadKafkaJs } from "./kafkajs.ts";
export type { KafkaJsLibrary, KafkaJsOptions } from "./kafkajs.ts";
export { murmur2, partitionOf } from "./murmur2.ts";
export { addressOf, checkConnection, describeConnection, invalid } from "./options.ts";
export type { BrokerAddress, KafkaConnection, KafkaDriver, KafkaSasl, KafkaTls } from "./options.ts";
export { readHeaders, RecordBatchReader } from "./record-batch-reader.ts";
export type { AbortedTransaction, RecordBatchInput, RecordBatchTools, RecordPlace, RecordVisitor } from "./record-batch-reader.ts";
export { batchHeaderBytes, encodeHeaders, RecordBatchWriter } from "./record-batch-writer.ts";
export type { BatchCompression, BatchSeal, EncodedHeaders, HeaderPairs, RecordParts } from "./record-batch-writer.ts";
export type { KafkaCommitToken } from "./token.ts";
export { isCommitToken } from "./token.ts";
export { kafkaClients, KafkaWire, loadPlatformatic, missingClient } from "./wire.ts";
export type { KafkaLibrary, WireLane, WirePartition, WireRequest, WireTopic } from "./wire.ts";
