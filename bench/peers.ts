// Peers that must be set up first, by `pnpm bench setup PEER`, and run where they are asked for by name.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startBroker } from "./kafka-broker.ts";
import { peerFolder } from "./setup.ts";
import type { Job, Service, System } from "./systems.ts";
import type { Variant } from "./workloads.ts";

const here = import.meta.dirname;
const isBids = ({ workload }: Variant): boolean => workload === "w1" || workload === "w2";

/** A system whose program is there once it is set up. */
function peer(name: string, program: string, parts: Pick<System, "runs" | "hasThreads" | "tidy"> & { readonly start: (job: Job) => { readonly arguments: readonly string[]; readonly environment?: Readonly<Record<string, string>> } }): System {
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

/** What the programs in Java are started with: the collector that costs least here, and what their documents ask for with Java 17. */
const javaFlags = [
  "-XX:+UseParallelGC", "-Xmx4g",
  ...["java.base/java.util", "java.base/java.lang", "java.base/java.nio", "java.base/sun.nio.ch", "java.management/sun.management"].map((name) => `--add-opens=${name}=ALL-UNNAMED`),
  "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
];

function javaArguments(name: string): readonly string[] {
  return [...javaFlags, "-cp", `${join(peerFolder(name), "classes")}:${join(peerFolder(name), "dependency")}/*`];
}

/** A system in Java: one thread for its operators, others for what is around them. */
function javaPeer(name: string, parts: Pick<System, "runs" | "service"> & { readonly start: (job: Job, service?: Service) => readonly string[] }): System {
  const main = join(peerFolder(name), "classes/bench/Main.class");
  const { start, ...rest } = parts;
  return {
    ...rest,
    name,
    isOptional: true,
    whyNot: () => (existsSync(main) ? undefined : `set it up first: pnpm bench setup ${name}`),
    command: (job, service) => ({ program: "java", arguments: [...javaArguments(name), "bench.Main", ...start(job, service)] }),
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
  javaPeer("flink", { runs: isBids, start: ({ variant, input, output }) => [variant.job, input, output, "1"] }),
  javaPeer("hazelcast", { runs: isBids, start: ({ variant, input, output }) => [variant.job, input, output, "1"] }),
  javaPeer("kafka-streams", {
    runs: (variant) => isBids(variant) && variant.job !== "channel",
    service: (job) => startBroker(["-Xmx2g", ...javaArguments("kafka-streams").slice(-2)], job),
    start: ({ variant, output, data }, broker) => [variant.job, broker?.address ?? "", output, join(data, "state")],
  }),
  peer("bytewax", "bin/python", {
    runs: isBids,
    start: ({ variant, input, output }) => ({ arguments: ["-m", "bytewax.run", `${join(here, "python/bytewax_job.py")}:flow`, "-w", "1"], environment: { BENCH_JOB: variant.job, BENCH_INPUT: input, BENCH_OUTPUT: output } }),
  }),
  peer("pathway", "bin/python", {
    // Its sessions took 18 s for a hundred thousand records.
    runs: (variant) => isBids(variant) && variant.job !== "session",
    start: ({ variant, input, output }) => ({ arguments: [join(here, "python/pathway_job.py"), variant.job, input, output], environment: { PATHWAY_THREADS: "1", PATHWAY_PROCESSES: "1" } }),
    tidy: String.raw`s/,"diff":1,"time":[0-9]+\}$/}/`,
  }),
  peer("benthos", "benthos", {
    runs: ({ job }) => job === "stateless",
    hasThreads: true,
    start: ({ variant, input, output, threads }) => ({ arguments: [variant.job, input, output, String(threads)] }),
    // It sorts the fields of an object.
    tidy: String.raw`s/^\{("auction":[0-9]+),("channel":"[^"]*"),("dateTime":[0-9]+),("price":[0-9]+)\}$/{\1,\4,\2,\3}/`,
  }),
];
