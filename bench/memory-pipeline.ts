// The pipeline whose memory is measured: hourly windows by airport with late flights, into an upserted SQLite table and a table of late ones.
import { eventTime, field, Pipeline, t } from "@streamflow/core";
import { ndjson, stdinSource } from "@streamflow/ingest";
import { sqliteSink } from "@streamflow/sink";
import { avg, count, keyBy, project, quantile, tumbling, window } from "@streamflow/transform";

/** What is run. */
export interface MemoryRun {
  /** Bytes of input, rounded up to whole lines. */
  readonly bytes: number;
  /** Path of the database. */
  readonly results: string;
}

const hourMs = 3_600_000;
const startMs = Date.UTC(2001, 0, 1);
const airports = 322;
const lineBytes = 100;
const linesPerChunk = 2_500;
/** In event time. */
const betweenMs = 3_000;
const lateEvery = 100;

const flight = t.struct({ date: t.timestamp(), delay: t.int32(), distance: t.int32(), origin: t.string(), destination: t.string() });

/** The pipeline, with its input. */
export function memoryPipeline({ bytes, results }: MemoryRun): Pipeline {
  const pipeline = new Pipeline({ name: "memory" })
    .from(stdinSource({ input: () => flightChunks(bytes), format: ndjson(), schema: flight }), { id: "flights" })
    .addStage(eventTime({ timestamp: field("date"), outOfOrdernessMs: hourMs }))
    .addStage(keyBy("destination"))
    .addStage(window({ window: tumbling({ sizeMs: hourMs }), allowedLatenessMs: 3 * hourMs, aggregate: { flights: count(), mean_delay: avg(field("delay")), p95_delay: quantile(field("delay"), 0.95) } }), { id: "hourly" })
    .side("late", (late) => late.addStage(project({ date: field("date"), destination: field("destination") })).to(sqliteSink({ path: results, table: "late" })))
    .addStage(project({ destination: field("destination"), hour: field("windowStart"), flights: field("flights"), mean_delay: field("mean_delay"), p95_delay: field("p95_delay") }), { id: "rows" })
    // The last hour of each airport: the table does not grow with the input.
    .to(sqliteSink({ path: results, table: "hourly", mode: "upsert", key: ["destination"] }));
  return pipeline as unknown as Pipeline;
}

/** Lines of flights, a chunk at a time; one in a hundred lands two to six hours after its time, so that some are late and some too late. */
async function* flightChunks(bytes: number): AsyncGenerator<Uint8Array> {
  const lines = Math.ceil(bytes / lineBytes);
  const code = (n: number): string => String.fromCharCode(65 + (Math.floor(n / 676) % 26), 65 + (Math.floor(n / 26) % 26), 65 + (n % 26));
  const codes = Array.from({ length: airports }, (_, i) => code(i * 53));
  for (let from = 0; from < lines; from += linesPerChunk) {
    let text = "";
    for (let i = from; i < Math.min(lines, from + linesPerChunk); i++) {
      const mixed = Math.imul(i, 0x9e3779b1) >>> 0;
      const lateMs = i % lateEvery === 0 ? (2 + (mixed % 5)) * hourMs : 0;
      const line = `{"date":${startMs + i * betweenMs - lateMs},"delay":${(mixed % 200) - 40},"distance":${100 + (mixed % 2_400)},"origin":"${codes[mixed % airports]}","destination":"${codes[(mixed >>> 8) % airports]}","tail":"`;
      text += `${line}${"#".repeat(Math.max(0, lineBytes - line.length - 3))}"}\n`;
    }
    yield Buffer.from(text, "latin1");
  }
}

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** "200MB" as a number of bytes. */
export function bytesOf(text: string): number {
  const [, digits = "", unit = "B"] = /^(\d+)([kMG]?B)?$/.exec(text) ?? [];
  if (digits === "") throw new Error(`not a number of bytes: ${text}`);
  return Number(digits) * (units[unit] ?? 1);
}
