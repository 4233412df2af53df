// `pnpm lint`: oxlint with its type-aware rules, then the architecture of turbo.json.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./workspace.ts";

const oxlint = run("oxlint", ["--type-aware", "--report-unused-disable-directives", "--deny-warnings", ...process.argv.slice(2)]);
const boundaries = run("turbo", ["boundaries"]);
process.exitCode = oxlint || boundaries;

function run(tool: string, args: readonly string[]): number {
  const { status, error } = spawnSync(join(root, "node_modules/.bin", tool), args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) console.log(`${tool}: ${error.message}`);
  return status ?? 1;
}
