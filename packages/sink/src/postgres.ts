// Named exports only.
export { postgresSink } from "./connectors/postgres.ts";
export type { PostgresSinkOptions } from "./connectors/postgres.ts";
