// W9: what an idle pipeline costs in a host: memory, time to start, CPU time while nothing happens.
//   I1. All of them run, and hold their key, when memory is looked at: else the row is void.
import { median, type Usage } from "../measure.ts";
import type { Row } from "../report.ts";
import { runProgram, StudyFolder } from "./run-program.ts";
import { type Study, type StudyOptions, studyRow } from "./study.ts";

/** What the program reports. */
interface Report {
  readonly running: number;
  readonly keys: number;
  readonly startMs: number;
  readonly startCpuMs: number;
  readonly heapBytes: number;
  readonly arrayBytes: number;
  readonly rssBytes: number;
  readonly idleCpuPercent: number;
}

interface Measured {
  readonly report: Report;
  readonly usage: Usage;
}

/** How many pipelines, and for how long they are watched. */
export interface DensityScale {
  /** The first is 0: what the rest is compared with. */
  readonly counts: readonly number[];
  readonly idleMs: number;
}

const workload = "w9";
const variant = "pipelines";
/** One pipeline for so many of `--records`. */
const recordsOfPipeline = 200;

/** A study of some numbers of pipelines, as far as `--records` allows: one for each 200. */
export function densityStudy(scale: DensityScale): Study {
  return {
    workload,
    variant,
    summary: "idle pipelines in one host, each with a source that stays open, a filter, a keyed window that holds one key, a sink, and checkpoints",
    goals: [
      { measure: "heapBytesPerPipeline", atMost: 2_048 },
      { measure: "startMsPer10000", atMost: 1_000 },
      { measure: "idleCpuPercent", atMost: 0.5 },
    ],
    measure: (options) => measureDensity(scale, options),
  };
}

/** The only one. */
export const densityStudies: readonly Study[] = [densityStudy({ counts: [0, 1_000, 10_000], idleMs: 5_000 })];

async function measureDensity({ counts, idleMs }: DensityScale, { records, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  using folder = new StudyFolder();
  const wanted = counts.filter((count) => count * recordsOfPipeline <= records);
  const measured = new Map<number, Measured[]>(wanted.map((count) => [count, []]));
  for (let round = 0; round < rounds; round++) {
    for (const count of wanted) {
      const program = { program: "streamflow/density", flags: ["--expose-gc", "--max-old-space-size=8192"], arguments: [String(count), String(idleMs), folder.fresh("data")] };
      measured.get(count)!.push(await runProgram<Report>(program, folder.path));
    }
  }
  return wanted.map((count) => rowOf(count, { empty: measured.get(0)!, full: measured.get(count)!, note }));
}

function rowOf(count: number, { empty, full, note }: { readonly empty: readonly Measured[]; readonly full: readonly Measured[]; readonly note: StudyOptions["note"] }): Row {
  const idle = full.find(({ report }) => report.running !== count || report.keys !== count);
  if (idle !== undefined) note(`${workload}/${variant}-${count} is void: ${idle.report.running} of them run, with ${idle.report.keys} keys`);
  const middle = (from: readonly Measured[], of: (report: Report) => number): number => median(from.map(({ report }) => of(report)));
  const each = (of: (report: Report) => number): number => (middle(full, of) - middle(empty, of)) / count;
  const idleCpuPercent = middle(full, (report) => report.idleCpuPercent);
  return studyRow({ workload, variant: `${variant}-${count}` }, {
    records: count,
    rounds: full.length,
    void: idle !== undefined,
    peakRssMiB: median(full.map(({ usage }) => usage.rssBytes)) / 2 ** 20,
    measures: count === 0 ? { heapBytes: middle(empty, (report) => report.heapBytes), idleCpuPercent } : {
      heapBytesPerPipeline: each((report) => report.heapBytes),
      arrayBytesPerPipeline: each((report) => report.arrayBytes),
      rssBytesPerPipeline: each((report) => report.rssBytes),
      startMs: middle(full, (report) => report.startMs),
      startMsPer10000: (middle(full, (report) => report.startMs) / count) * 10_000,
      startCpuMs: middle(full, (report) => report.startCpuMs),
      idleCpuPercent,
    },
  });
}
