// Makes a fresh clone ready, then runs the pinned Node 24 with the arguments it was given:
//   node scripts/setup.mjs [flags] file [arguments]
// Needs Node 18 or newer, npm and, the first time, the network; no dependencies.
//   I1. When nothing that decides the installation has changed since the last run, nothing is
//       installed and no package manager is started, so that run needs no network.
//   I2. The stamp is written only after a complete installation.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const windows = process.platform === "win32";
const pnpmVersion = "12.21.0";
const pnpmFolder = join(root, "node_modules/.cache/pnpm");
const pnpmBin = join(pnpmFolder, "node_modules/.bin");
const pnpm = join(pnpmBin, windows ? "pnpm.cmd" : "pnpm");
const node = join(root, "node_modules/node/bin", windows ? "node.exe" : "node");
const stampFile = join(root, "node_modules/.streamflow-setup");

process.chdir(root);
const fingerprint = installationFingerprint();
if (!isReady(fingerprint)) await install(fingerprint);
run(process.argv.slice(2));

function isReady(expected) {
  return (
    existsSync(node) &&
    existsSync(pnpm) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === expected
  );
}

/** A hash of everything that decides what is installed; a new script or description changes nothing. */
function installationFingerprint() {
  const workspace = readFileSync("pnpm-workspace.yaml", "utf8");
  const hash = createHash("sha256");
  hash.update(`${pnpmVersion} ${process.platform} ${process.arch} ${root}\n`);
  hash.update(workspace).update(readFileSync("pnpm-lock.yaml"));
  for (const file of manifests(workspace)) {
    const { name, bin, dependencies, devDependencies, optionalDependencies, peerDependencies } =
      JSON.parse(readFileSync(file, "utf8"));
    const deciding = { name, bin, dependencies, devDependencies, optionalDependencies, peerDependencies };
    hash.update(`${file} ${JSON.stringify(deciding)}\n`);
  }
  return hash.digest("hex");
}

/** The package.json files that pnpm-workspace.yaml takes in; its globs are `name` or `name/*`. */
function manifests(workspace) {
  const list = /^packages:\n((?: +- .*\n)+)/m.exec(workspace)[1];
  const globs = list.match(/(?<=- ).*/g).map((glob) => glob.replace(/["']/g, "").trim());
  const folders = globs.flatMap((glob) => {
    if (!glob.endsWith("/*")) return [glob];
    const parent = glob.slice(0, -2);
    return existsSync(parent) ? readdirSync(parent).map((name) => `${parent}/${name}`) : [];
  });
  return [".", ...folders.sort((a, b) => (a < b ? -1 : 1))].map((folder) => `${folder}/package.json`).filter((file) => existsSync(file));
}

async function install(stamp) {
  say("Setting up: Node 24 and the tools, from the npm registry. Later runs skip this.");
  rmSync(stampFile, { force: true });
  if (!existsSync(pnpm)) await installPnpm();
  // Development tools are wanted whatever NODE_ENV says.
  const env = { ...process.env, NODE_ENV: "development", CI: process.env.CI ?? "true" };
  delete env.npm_config_omit;
  const code = await runQuietly(pnpm, ["install", "--frozen-lockfile", "--reporter=append-only"], env);
  if (code !== 0) {
    fail(
      `pnpm install failed (exit code ${code}); its messages are above.\n` +
        "  If it speaks of an outdated lockfile: npx --yes pnpm@12 install, and commit pnpm-lock.yaml.\n" +
        "  If it could not reach the registry: check the network, the proxy and `npm config get registry`.",
    );
  }
  if (!existsSync(node)) fail(`pnpm install left no Node at ${node}. Remove node_modules and try again.`);
  writeFileSync(stampFile, stamp);
  say("Set up.");
}

async function installPnpm() {
  rmSync(pnpmFolder, { recursive: true, force: true });
  mkdirSync(pnpmFolder, { recursive: true });
  writeFileSync(join(pnpmFolder, "package.json"), '{ "private": true }\n');
  const flags = ["--prefix", pnpmFolder, "--no-save", "--no-package-lock", "--no-audit", "--no-fund"];
  const npm = windows ? "npm.cmd" : "npm";
  const code = await runQuietly(npm, ["install", ...flags, `pnpm@${pnpmVersion}`], process.env);
  if (code === 0 && existsSync(pnpm)) return;
  fail(
    `npm could not install pnpm ${pnpmVersion} (exit code ${code}); its messages are above.\n` +
      "  The first run needs the npm registry: check the network, the proxy and `npm config get registry`.",
  );
}

/** Runs a tool with its output on stderr, less the warnings that an older Node causes, and answers its exit code. */
async function runQuietly(command, args, env) {
  const child = spawn(command, args, { cwd: root, env, shell: windows, stdio: ["ignore", "pipe", "pipe"] });
  const noise = /Unsupported engine|npm warn Unknown|npm warn install-scripts|DEP0190|trace-deprecation/;
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (line) => {
      if (line !== "" && !noise.test(line)) process.stderr.write(`  ${line}\n`);
    });
  }
  return await new Promise((done) => {
    child.on("error", (error) => {
      process.stderr.write(`  ${error.message}\n`);
      done(-1);
    });
    child.on("close", (code) => done(code ?? -1));
  });
}

function run(args) {
  const file = args.find((arg) => /\.m?[jt]s$/.test(arg));
  if (file !== undefined && !existsSync(file)) fail(`${file} does not exist.`);
  const bins = [dirname(node), join(root, "node_modules/.bin"), pnpmBin];
  const env = {
    ...process.env,
    PATH: [...bins, process.env.PATH ?? ""].join(delimiter),
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }),
  };
  const child = spawn(node, args, { cwd: root, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function say(text) {
  process.stderr.write(`streamflow: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
