// What a kind of sink must offer to be killed under: the seam for further ones. One file each, named in index.ts.
import type { JobSinks } from "../job.ts";

/** Output as a reader sees it: each row as text, with how often it is there. */
export type Output = ReadonlyMap<string, number>;

/** Where one run writes, as the killer sees it. */
export interface Target {
  /** What processes need to find it. */
  readonly place: string;
  /** All output, read as users read it. */
  read(): Promise<Output>;
  /** Cheap, and larger after each commit with output: whether there is output yet, and whether more came later. */
  size(): number | Promise<number>;
  close(): Promise<void>;
}

/** A kind of sink under test. Clients are loaded where they are used: a process pays for its own sink alone. */
export interface ChaosSink {
  /** The server of the test bed that it needs. */
  readonly server?: "kafka" | "postgres" | "redis";
  /** The sinks of the job, as every process of a run makes them. */
  sinks(place: string): JobSinks | Promise<JobSinks>;
  /** Makes the place of a run: in its folder, or on the server. */
  open(folder: string, serverUrl: string): Promise<Target>;
}

/** Counts rows. The name of their output is part of the text. */
export function counted(outputs: Readonly<Record<string, Iterable<unknown>>>): Output {
  const counts = new Map<string, number>();
  for (const [name, rows] of Object.entries(outputs)) {
    for (const row of rows) {
      const text = `${name} ${JSON.stringify(row)}`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return counts;
}
