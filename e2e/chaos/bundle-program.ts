// The program that is killed, as one file: it opens in a third of the time that its modules take, and a build beside it changes nothing.
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { rolldown } from "rolldown";
import type { Program } from "./victim.ts";

/** What is not there, and not needed. */
const absent = ["pg-native", "pg-cloudflare"];

/** What reads files that lie beside it. */
const beside = ["@platformatic/kafka", "kafkajs"];

/** Bundles the program from the sources into a folder. */
export async function bundleProgram(folder: string): Promise<Program> {
  const build = await rolldown({
    input: join(import.meta.dirname, "program.ts"),
    platform: "node",
    external: (id) => isBuiltin(id) || absent.includes(id),
    resolve: { conditionNames: ["streamflow-source", "node"] },
    plugins: [{ name: "beside", resolveId: (id) => (beside.includes(id) ? { id: import.meta.resolve(id), external: true } : undefined) }],
    treeshake: { moduleSideEffects: (id) => id.includes("/node_modules/") },
    logLevel: "silent",
  });
  const file = "program.mjs";
  await build.write({ dir: folder, format: "esm", entryFileNames: file, chunkFileNames: "[name]-[hash].mjs" });
  await build.close();
  return { file: join(folder, file), cache: join(folder, "compiled") };
}
