// Builds every package: its declarations with `tsc -b`, its JavaScript with `bundle.ts`. Then makes the executables executable.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { publishedPackages, root } from "./workspace.ts";

const tsc = join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-b", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });

if (status === 0) await bundle();
for (const { folder } of publishedPackages()) {
  const { bin } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { bin?: Record<string, string> };
  for (const file of Object.values(bin ?? {})) {
    if (existsSync(join(root, folder, file))) chmodSync(join(root, folder, file), 0o755);
  }
}
process.exitCode = status ?? 1;
