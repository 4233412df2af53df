// W7: from Kafka to Kafka, messages of 200 bytes: exactly once and at least once, against the client library alone on the same broker.
//   I1. What a reader of committed records sees of each output is every message, once. Else the row is void.
import { benchmarkJvm, kafka, type KafkaServer } from "@streamflow/e2e/testbed";
import { median, type Usage } from "../measure.ts";
import type { Row } from "../report.ts";
import { runProgram, StudyFolder } from "./run-program.ts";
import { type Study, type StudyOptions, studyRow } from "./study.ts";

const partitions = 3;
const messageBytes = 200;

/** Ways to copy, in the order of a round; the next round has them the other way round. */
const ways = { bare: undefined, atLeastOnce: ["at-least-once", "1000"], exactlyOnce: ["exactly-once", "1000"], exactlyOnce100: ["exactly-once", "100"] } as const;
type Way = keyof typeof ways;

interface Measured {
  readonly usage: Usage;
  readonly elapsedMs: number;
}

export const kafkaStudies: readonly Study[] = [
  {
    workload: "w7",
    variant: "base",
    summary: "messages of 200 bytes from one topic of Kafka into another, exactly once with a commit each second, against a loop of the client library, and against at-least-once",
    // 85 % of the loop; at most 8 % below at-least-once.
    goals: [{ measure: "timesBare", atMost: 1 / 0.85 }, { measure: "timesAtLeastOnce", atMost: 1 / 0.92 }],
    measure: (options) => measureKafka(options),
  },
];

async function measureKafka({ records, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  using folder = new StudyFolder();
  await kafka.install();
  const broker = await kafka.start({ jvm: benchmarkJvm });
  try {
    await runProgram({ program: "node/kafka-fill", arguments: [broker.bootstrap, "in", String(partitions), String(records)] }, folder.path);
    const found = new Map<Way, Measured[]>();
    let wrong = 0;
    for (let round = 0; round < rounds; round++) {
      const order = Object.keys(ways) as Way[];
      for (const way of round % 2 === 0 ? order : order.toReversed()) {
        const copied = await copy(way, { broker, records, folder, output: `out-${round}-${way}` });
        found.set(way, [...(found.get(way) ?? []), copied.measured]);
        if (copied.isWhole) continue;
        wrong++;
        note(`w7: round ${round + 1}, ${way}: ${copied.said}`);
      }
    }
    return [rowOf(found, { records, rounds, isVoid: wrong > 0 })];
  } finally {
    await broker.stop();
  }
}

interface CopyOptions {
  readonly broker: KafkaServer;
  readonly records: number;
  readonly folder: StudyFolder;
  readonly output: string;
}

async function copy(way: Way, { broker: { bootstrap }, records, folder, output }: CopyOptions): Promise<{ readonly measured: Measured; readonly isWhole: boolean; readonly said: string }> {
  const count = String(records);
  await runProgram({ program: "node/kafka-fill", arguments: [bootstrap, output, String(partitions), "0"] }, folder.path);
  const given = ways[way];
  const program = given === undefined
    ? { program: "node/kafka", arguments: [bootstrap, "in", output, count] }
    : { program: "streamflow/kafka", arguments: [...given, bootstrap, "in", output, folder.fresh("data")] };
  const { usage, report } = await runProgram<{ readonly elapsedMs: number }>(program, folder.path);
  const { report: seen } = await runProgram<{ readonly read: number; readonly different: number }>({ program: "node/kafka-check", arguments: [bootstrap, output, count] }, folder.path);
  const isWhole = seen.read === records && seen.different === records;
  return { measured: { usage, elapsedMs: report.elapsedMs }, isWhole, said: `${seen.read} messages, ${seen.different} different ones, of ${records}` };
}

function rowOf(found: ReadonlyMap<Way, readonly Measured[]>, { records, rounds, isVoid }: { readonly records: number; readonly rounds: number; readonly isVoid: boolean }): Row {
  const all = (way: Way): readonly Measured[] => found.get(way) ?? [];
  const times = (way: Way, than: Way): number => median(all(way).map(({ elapsedMs }, round) => elapsedMs / (all(than)[round]?.elapsedMs ?? Number.NaN)));
  const cpu = (way: Way): number => median(all(way).map(({ usage }) => usage.cpuSeconds));
  const seconds = median(all("exactlyOnce").map(({ elapsedMs }) => elapsedMs)) / 1000;
  return studyRow(kafkaStudies[0]!, {
    records, rounds, void: isVoid,
    recordsPerSecond: records / seconds,
    megabytesPerSecond: (records * messageBytes) / 1e6 / seconds,
    recordsPerCpuSecond: records / cpu("exactlyOnce"),
    peakRssMiB: median(all("exactlyOnce").map(({ usage }) => usage.rssBytes)) / 2 ** 20,
    measures: {
      timesBare: times("exactlyOnce", "bare"),
      timesAtLeastOnce: times("exactlyOnce", "atLeastOnce"),
      timesAtLeastOnce100Ms: times("exactlyOnce100", "atLeastOnce"),
      atLeastOnceTimesBare: times("atLeastOnce", "bare"),
      cpuTimesBare: cpu("exactlyOnce") / cpu("bare"),
    },
  });
}
