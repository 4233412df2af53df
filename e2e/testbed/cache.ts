// Where programs that were downloaded stay, for all runs of this machine's user.
import { join } from "node:path";

export const isRoot: boolean = process.getuid?.() === 0;

/** Servers run as another user than root, and must be able to read it. */
export const cacheFolder: string = isRoot ? "/var/cache/streamflow-testbed" : join(import.meta.dirname, "../node_modules/.cache/testbed");
