// The services that tests and benches can start.
import { kafka } from "./kafka/broker.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import type { Service } from "./service.ts";

export { benchmarkJvm, kafka } from "./kafka/broker.ts";
export type { KafkaOptions, KafkaServer } from "./kafka/broker.ts";
export type { KafkaListeners } from "./kafka/listeners.ts";
export { postgres } from "./postgres.ts";
export { redis } from "./redis.ts";
export type { Server, Service, StartOptions } from "./service.ts";

/** All of them. */
export const services: readonly Service[] = [kafka, postgres, redis];
