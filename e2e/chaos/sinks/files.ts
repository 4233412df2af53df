// Two folders of NDJSON parts: transactional, store-first. Only what the commit log lists counts, and it must be what is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "@streamflow/core";
import { nodeDisk } from "@streamflow/core/node";
import { committedParts, fileSink } from "@streamflow/sink";
import { type ChaosSink, counted } from "./chaos-sink.ts";

export const files: ChaosSink = {
  sinks: (folder) => ({ windows: fileSink({ folder: join(folder, "windows") }), late: fileSink({ folder: join(folder, "late") }) }),
  async open(folder) {
    const [windows, late] = [join(folder, "windows"), join(folder, "late")];
    const disk = nodeDisk();
    return {
      place: folder,
      read: async () => counted({ windows: await rowsOf(disk, windows), late: await rowsOf(disk, late) }),
      size: () => partsIn(windows).length + partsIn(late).length,
      close: async () => undefined,
    };
  },
};

function partsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("part-")) : [];
}

/** Rows of the parts that are listed. A part that is seen and not listed, or the other way round, is a row that no run is expected to give. */
async function rowsOf(disk: Disk, folder: string): Promise<readonly unknown[]> {
  const listed = (await committedParts(disk, folder)).map(({ name }) => name);
  const seen = partsIn(folder);
  const astray = [...seen.filter((name) => !listed.includes(name)), ...listed.filter((name) => !seen.includes(name))];
  const rows = listed.filter((name) => seen.includes(name)).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter((line) => line !== ""));
  return [...rows.map((line): unknown => JSON.parse(line)), ...astray.map((name) => ({ astray: name }))];
}
