// Peers that must be set up first, by `pnpm bench setup PEER`, and run where they are asked for by name.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { peerFolder } from "./setup.ts";
import type { Job, System } from "./systems.ts";
import type { Variant } from "./workloads.ts";

const here = import.meta.dirname;
const isBids = ({ workload }: Variant): boolean => workload === "w1" || workload === "w2";

/** A system whose program is there once it is set up. */
function peer(name: string, program: string, parts: Pick<System, "runs" | "hasThreads"> & { readonly start: (job: Job) => { readonly arguments: readonly string[]; readonly environment?: Readonly<Record<string, string>> } }): System {
  const path = join(peerFolder(name), program);
  const { start, ...rest } = parts;
  return {
    ...rest,
    name,
    isOptional: true,
    whyNot: () => (existsSync(path) ? undefined : `set it up first: pnpm bench setup ${name}`),
    command: (job) => ({ program: path, ...start(job) }),
  };
}

/** In the order in which they run. */
export const optionalPeers: readonly System[] = [
  peer("timely", "release/timely-job", {
    // Its jobs set the time of the dataflow as they read: it cannot go back.
    runs: (variant) => isBids(variant) && variant.isDisordered !== true && variant.job !== "channel",
    start: ({ variant, input, output }) => ({ arguments: [variant.job, input, output, "1"] }),
  }),
  peer("polars", "bin/python", {
    runs: isBids,
    hasThreads: true,
    start: ({ variant, input, output, threads }) => ({ arguments: [join(here, "python/polars_job.py"), variant.job, input, output], environment: { POLARS_MAX_THREADS: String(threads) } }),
  }),
  peer("chdb", "bin/python", {
    runs: isBids,
    hasThreads: true,
    start: ({ variant, input, output, threads }) => ({ arguments: [join(here, "python/chdb_job.py"), variant.job, input, output, String(threads)] }),
  }),
];
