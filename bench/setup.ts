// Installs peers at exact versions, by the ordinary clients of their registries, into the cache: pnpm bench setup PEER...
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./gen.ts";

/** Where a peer is, once it is set up. */
export const peerFolder = (peer: string): string => join(cacheFolder, "peers", peer);

const here = import.meta.dirname;

type Steps = (folder: string) => void;

/** A virtual environment with what a file of requirements names. */
function python(requirements: string): Steps {
  return (folder) => {
    run("python3", ["-m", "venv", folder]);
    run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", join(here, "python", requirements)]);
  };
}

/** Classes, and what they depend on beside them. */
function java(project: string): Steps {
  return (folder) => run("mvn", ["-q", "-B", "-f", join(here, project, "pom.xml"), `-Dout=${folder}`, "package", "dependency:copy-dependencies", `-DoutputDirectory=${join(folder, "dependency")}`]);
}

const peers: Readonly<Record<string, Steps>> = {
  timely: (folder) => run("cargo", ["build", "--release", "--quiet", "--manifest-path", join(here, "timely/Cargo.toml")], { CARGO_TARGET_DIR: folder, RUSTFLAGS: "-C target-cpu=native" }),
  polars: python("polars-requirements.txt"),
  chdb: python("chdb-requirements.txt"),
  flink: java("flink"),
  hazelcast: java("hazelcast"),
  "kafka-streams": java("kafka-streams"),
  bytewax: python("bytewax-requirements.txt"),
  pathway: python("pathway-requirements.txt"),
  benthos: (folder) => run("go", ["build", "-C", join(here, "benthos"), "-trimpath", "-ldflags=-s -w", "-o", join(folder, "benthos"), "."], { CGO_ENABLED: "0" }),
};

/** @throws for a peer that is not known, and where a step fails. */
export function setUp(names: readonly string[]): void {
  const known = Object.keys(peers).join(", ");
  if (names.length === 0) throw new Error(`name the peers to set up: ${known}`);
  for (const name of names) {
    const steps = peers[name];
    if (steps === undefined) throw new Error(`there is no peer ${name} to set up; known: ${known}`);
    mkdirSync(peerFolder(name), { recursive: true });
    steps(peerFolder(name));
  }
}

function run(program: string, arguments_: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const { status, error } = spawnSync(program, arguments_, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...environment } });
  if (error !== undefined) throw new Error(`${program}: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${arguments_.join(" ")} ended with code ${status}`);
}
