// Errors as the two clients make them from what a broker answers.
import { createRequire } from "node:module";

export { NetworkError, ResponseError } from "@platformatic/kafka";

/** kafkajs has this inside only. */
export const errors = createRequire(import.meta.url)("kafkajs/src/protocol/error") as { createErrorFromCode(code: number): Error };
