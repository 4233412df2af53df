// W10: how the cost of a record grows: with keys, with the overlap of windows, with stages that are fused, with pipelines of one process.
//   I1. The results of a point sum up to what they must be, in every round: else its row is void.
import { median, type Usage } from "../measure.ts";
import type { Row } from "../report.ts";
import { runProgram, StudyFolder } from "./run-program.ts";
import { type Goal, type Study, type StudyOptions, studyRow } from "./study.ts";

/** What the program reports. */
interface Report {
  readonly nsPerRecord: number;
  readonly records: number;
  readonly sum: number;
  readonly expected: number;
}

interface Measured {
  readonly report: Report;
  readonly usage: Usage;
}

/** One curve. */
export interface Curve {
  /** As the program calls it. */
  readonly variant: string;
  readonly summary: string;
  readonly points: readonly number[];
  /** Records that a point needs at least, for each of its units. Points that would need more than there are left out. */
  readonly recordsPerUnit: number;
  readonly goal: Goal;
}

const workload = "w10";

/** A study of a curve: a row for each point. */
export function curveStudy(curve: Curve): Study {
  const { variant, summary, goal } = curve;
  return { workload, variant, summary, goals: [goal], measure: (options) => measureCurve(curve, options) };
}

/** So many times `--records`: a record costs little here. */
const recordsFactor = 5;
/** With fewer stages more than the first point has, the difference is lost in noise. */
const leastAdded = 7;
const stages = [1, 2, 4, 8, 16, 32, 64];
const perAddedStage: Goal = { measure: "nsPerAddedStage", atMost: 2 };

/** In the order in which they are measured. */
export const curveStudies: readonly Study[] = [
  { variant: "keys", summary: "count and sum of number keys in one open window, by the number of keys", points: [1e3, 1e4, 1e5, 1e6], recordsPerUnit: 2, goal: { measure: "ratioToFirst", atMost: 6 } },
  { variant: "overlap", summary: "count of 100 keys in windows that slide by 1,000 records, by how many overlap", points: [1, 10, 100, 1_000], recordsPerUnit: 2_000, goal: { measure: "ratioToFirst", atMost: 2 } },
  { variant: "functions", summary: "filters and maps in turns, as functions, by how many there are", points: stages, recordsPerUnit: 1, goal: perAddedStage },
  { variant: "expressions", summary: "the same as expressions", points: stages, recordsPerUnit: 1, goal: perAddedStage },
  { variant: "pipelines", summary: "filter, key, window in each of many pipelines of one process that share the records, by how many there are", points: [1, 10, 100, 1_000], recordsPerUnit: 2, goal: { measure: "ratioToFirst", atMost: 1.5 } },
].map(curveStudy);

async function measureCurve(curve: Curve, { records: asked, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  const records = recordsFactor * asked;
  using folder = new StudyFolder();
  const points = curve.points.filter((point) => point * curve.recordsPerUnit <= records);
  const measured = new Map<number, Measured[]>(points.map((point) => [point, []]));
  for (let round = 0; round < rounds; round++) {
    for (const point of points) {
      measured.get(point)!.push(await runProgram<Report>({ program: "streamflow/curve", arguments: [curve.variant, String(point), String(records), folder.fresh("data")] }, folder.path));
    }
  }
  const nsOf = (point: number): number => median(measured.get(point)!.map(({ report }) => report.nsPerRecord));
  return points.map((point) => {
    const of = measured.get(point)!;
    const name = `${curve.variant}-${point}`;
    const wrong = of.find(({ report }) => report.sum !== report.expected);
    if (wrong !== undefined) note(`${workload}/${name} is void: its results sum up to ${wrong.report.sum}, not ${wrong.report.expected}`);
    const nsPerRecord = nsOf(point);
    const added = point - points[0]!;
    const growth = curve.goal === perAddedStage && added >= leastAdded ? { nsPerAddedStage: (nsPerRecord - nsOf(points[0]!)) / added } : {};
    return studyRow({ workload, variant: name }, {
      records: of[0]!.report.records,
      rounds,
      void: wrong !== undefined,
      steadyRecordsPerCpuSecond: 1e9 / nsPerRecord,
      peakRssMiB: median(of.map(({ usage }) => usage.rssBytes)) / 2 ** 20,
      measures: { nsPerRecord, ratioToFirst: nsPerRecord / nsOf(points[0]!), ...growth },
    });
  });
}
