// The services that tests and benches can start.
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import type { Service } from "./service.ts";

export { postgres } from "./postgres.ts";
export { redis } from "./redis.ts";
export type { Server, Service, StartOptions } from "./service.ts";

/** All of them. */
export const services: readonly Service[] = [postgres, redis];
