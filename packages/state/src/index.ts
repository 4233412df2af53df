// Named exports only.
export { checksumOf, crc32c } from "./crc32c.ts";
export { identifyProcess } from "./process-identity.ts";
export type { ProcessIdentity } from "./process-identity.ts";
export { openFileCheckpointStore } from "./stores/file-checkpoint-store.ts";
export { openFileLeaseStore } from "./stores/file-lease-store.ts";
export type { FileLeaseStoreOptions } from "./stores/file-lease-store.ts";
export type { StoreEnvironment } from "./stores/store-environment.ts";
