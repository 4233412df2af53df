// `pnpm check:text`: what no committed file may hold.
//   1. Lockfiles of other package managers.
//   2. Hosts in pnpm-lock.yaml: it must work with any registry.
//   3. Paths that exist on one machine only.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { report, root } from "./workspace.ts";

const foreignLockfiles = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "bun.lock"];
const binary = /\.(png|jpe?g|gif|ico|woff2?|gz|zst|parquet|arrow|avro|db|sqlite|bin)$/;
const homes = /(?<![\w.:/-])\/(?:home|root|Users|work)\/[\w.-]+/;
const own = [root, homedir()].filter((path) => path.length > 5);

const problems: string[] = [];
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(root, file)));

for (const file of files) {
  if (foreignLockfiles.includes(basename(file))) problems.push(`${file}: the only lockfile is pnpm-lock.yaml`);
  if (binary.test(file)) continue;
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    const found = own.find((path) => line.includes(path)) ?? homes.exec(line)?.[0];
    if (found !== undefined) problems.push(`${file}:${index + 1}: a path of one machine, ${found}`);
    if (file === "pnpm-lock.yaml" && /https?:\/\//.test(line)) problems.push(`${file}:${index + 1}: names a host`);
  }
}
report(problems, `${files.length} files`);
