// The programs in JavaScript, as they would be deployed: what Node takes to strip types is no part of a measurement.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { cacheFolder } from "./gen.ts";

const folders = ["node", "duckdb", "streamflow", "load"];
const here = import.meta.dirname;
let made: string | undefined;

/** The path of a program, by its path here: "node/tumbling". Made once in a process. */
export function programPath(name: string): string {
  made ??= makePrograms();
  return join(made, `${name}.js`);
}

function makePrograms(): string {
  const target = join(cacheFolder, "programs");
  for (const folder of folders) {
    mkdirSync(join(target, folder), { recursive: true });
    for (const file of readdirSync(join(here, folder)).filter((name) => name.endsWith(".ts"))) {
      const code = stripTypeScriptTypes(readFileSync(join(here, folder, file), "utf8"));
      writeFileSync(join(target, folder, file.replace(/\.ts$/, ".js")), code.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
    }
  }
  writeFileSync(join(target, "package.json"), '{ "type": "module" }\n');
  return target;
}
