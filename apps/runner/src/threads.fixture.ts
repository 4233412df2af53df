// What the tests of pipelines on several threads share: input with everything that may be in it, plans over it, and runs that are looked into.
import { readdirSync, readFileSync } from "node:fs";
import { type Checkpoint, type DeadLetter, type Environment, eventTime, field, type HostStores, Pipeline, PipelineRun, record, StreamFlowError, t, type Thread, type Threads } from "@streamflow/core";
import { nodeDisk, nodeEnvironment, nodeThreads } from "@streamflow/core/node";
import { recordingLogger, seededRandom } from "@streamflow/core/testing";
import { fileSource } from "@streamflow/ingest";
import { fileSink, ndjsonEncoder } from "@streamflow/sink";
import { closeAll, listDeadLetters, openDataFolder } from "@streamflow/state";
import { avg, count, filter, keyBy, map, max, min, session, sliding, sum, tumbling, window } from "@streamflow/transform";

/** A line of the input, where it is one. */
export interface Order {
  readonly id: number;
  readonly key: string;
  readonly price: number;
  readonly ts: number;
}
const order = t.struct({ id: t.int32(), key: t.string(), price: t.int32(), ts: t.timestamp() });

/** Lines with late records, malformed ones, texts of several bytes, and fields in another order. */
export function orders(count: number, seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, id) => {
    const late = random.chance(0.05) ? random.integer(30_000) : random.integer(300);
    const fields = { id, key: `k${random.integer(40)}${["é", "𝄞"][random.integer(9)] ?? ""}`, price: random.integer(1_000), ts: 1_000_000 + id * 10 - late };
    if (random.chance(0.01)) return random.chance(0.5) ? `{"id":${id},"key"` : JSON.stringify({ ...fields, price: "dear" });
    if (random.chance(0.02)) return JSON.stringify({ ts: fields.ts, price: fields.price, note: "other order \\ \"", key: fields.key, id });
    return JSON.stringify({ ...fields, pad: "x".repeat(random.integer(60)) });
  }).map((line) => `${line}\n`).join("");
}

/** How a pipeline is run. */
export interface RunSettings {
  readonly folder: string;
  /** Name of the run's output and data folders. */
  readonly name: string;
  readonly plan: keyof typeof plans;
  readonly parallelism: number;
  readonly everyMs?: number;
  readonly maxRecords?: number;
  /** Told of each record. */
  readonly seen?: (order: Order) => void;
}

type Orders = Pipeline<Order, Order>;

const inTime = (orders: Orders): Orders => orders.addStage(eventTime<Order>({ timestamp: field("ts"), outOfOrdernessMs: 400 }), { id: "timed" }).addStage(keyBy<Order>("key"), { id: "by-key" });

/** Plans by name: without state, with windows that records are late for, with functions and with expressions; `totals` is one that other threads add up for. */
export const plans = {
  stateless: (orders: Orders, sink: (name: string) => ReturnType<typeof fileSink>) => orders
    .addStage(filter(({ price }: Order) => price % 3 !== 0), { id: "some" })
    .addStage(map(({ id, key, price }: Order) => {
      if (price === 500) throw new StreamFlowError("EXT_PRICE", `no ${price}`);
      return { id, key, half: price / 2 };
    }), { id: "halves" })
    .to(sink("out"), { id: "out" }),
  windows: (orders: Orders, sink: (name: string) => ReturnType<typeof fileSink>) => inTime(orders)
    .addStage(window({ window: tumbling({ sizeMs: 5_000 }), aggregate: { n: count(), total: sum(({ price }: Order) => price) }, allowedLatenessMs: 2_000 }), { id: "totals" })
    .side("late", (late) => late.to(sink("late"), { id: "late" }))
    .to(sink("out") as never, { id: "out" }),
  sliding: (orders: Orders, sink: (name: string) => ReturnType<typeof fileSink>) => inTime(orders)
    .addStage(window({ window: sliding({ sizeMs: 6_000, slideMs: 2_000 }), aggregate: { best: max(({ price }: Order) => price) } }), { id: "best" })
    .to(sink("out") as never, { id: "out" }),
  sessions: (orders: Orders, sink: (name: string) => ReturnType<typeof fileSink>) => inTime(orders)
    .addStage(window({ window: session({ gapMs: 300 }), aggregate: { n: count() }, allowedLatenessMs: 1_000 }), { id: "visits" })
    .to(sink("out") as never, { id: "out" }),
  totals: (orders: Orders, sink: (name: string) => ReturnType<typeof fileSink>) => orders
    .addStage(filter(field("price").gte(100)) as never, { id: "some" })
    .addStage(eventTime<Order>({ timestamp: field("ts"), outOfOrdernessMs: 12_000 }), { id: "timed" })
    .addStage(map(record({ id: field("id"), price: field("price"), double: field("price").times(2) })) as never, { id: "fields" })
    .addStage(keyBy("price") as never, { id: "by-price" })
    .addStage(window({ window: tumbling({ sizeMs: 5_000 }), aggregate: { n: count(), total: sum(field("price")), mean: avg(field("id")), least: min(field("double")), most: max(field("id")) }, allowedLatenessMs: 1_000 }) as never, { id: "totals" })
    .side("late", (late: Pipeline) => late.to(sink("late"), { id: "late" }))
    .to(sink("out") as never, { id: "out" }),
} as const;

/** Makes a pipeline over `input.ndjson` of the folder, which is read in ranges of a few kilobytes. */
export function pipelineOf({ folder, name, plan, parallelism, everyMs = 5, maxRecords, seen }: RunSettings): Pipeline {
  const sink = (output: string): ReturnType<typeof fileSink> => fileSink({ folder: `${folder}/${name}-${output}`, format: ndjsonEncoder({ timestamps: "ms" }) });
  const source = new Pipeline<Order>({ name: "orders", parallelism, checkpoint: { everyMs }, restart: { maxRestarts: 3, initialDelayMs: 1, maxDelayMs: 2 }, ...(maxRecords === undefined ? {} : { batch: { maxRecords } }) })
    .from(fileSource<Order>({ path: `${folder}/input.ndjson`, schema: order as never, chunkBytes: 4_096 }), { id: "orders" });
  const heard = seen === undefined ? source : source.addStage(filter((one: Order) => {
    seen(one);
    return true;
  }), { id: "heard" });
  return plans[plan](heard as Orders, sink) as unknown as Pipeline;
}

/** Threads that are counted; `program` may put another one in the place of the first. */
export class CountedThreads implements Threads {
  started = 0;
  ranges = 0;
  /** Ranges that were added up: all that can be, where `adds` says so. */
  totals = 0;
  adds = false;
  readonly ready: Promise<void>;
  readonly #program: ((program: URL) => URL) | undefined;
  #isReady: (() => void) | undefined;

  constructor(program?: (program: URL) => URL) {
    this.#program = program;
    this.ready = new Promise((resolve) => (this.#isReady = resolve));
  }

  start(program: URL, events: Parameters<Threads["start"]>[1]): Thread {
    const isFirst = this.started++ === 0;
    const thread = nodeThreads().start(isFirst && this.#program !== undefined ? this.#program(program) : program, {
      message: (message) => {
        const { kind, content } = message as { readonly kind: string; readonly content?: { readonly totals?: unknown } };
        if (kind === "done") this.ranges++;
        if (content?.totals !== undefined) this.totals++;
        this.#isReady?.();
        events.message(message);
      },
      failed: (error) => {
        this.#isReady?.();
        events.failed(error);
      },
    });
    const asked = (message: unknown): unknown => ((message as { readonly kind: string }).kind === "range" ? { ...(message as object), adds: true } : message);
    return { post: (message) => thread.post(this.adds ? asked(message) : message), close: () => thread.close() };
  }
}

/** What a run came to. */
export interface Outcome {
  /** What a reader of the sinks sees, by sink. */
  readonly output: Readonly<Record<string, string>>;
  readonly deadLetters: readonly unknown[];
  readonly restarts: number;
  readonly error: StreamFlowError | undefined;
}

function read(folder: string): string {
  return readdirSync(folder).filter((file) => file.endsWith(".ndjson") && !file.startsWith(".")).sort().map((file) => readFileSync(`${folder}/${file}`, "utf8")).join("");
}

/**
 * The machine, with other threads. What this thread reads waits until one of them is ready, so that they have their part in short runs too:
 * only the look at a file's first bytes does not, since threads are started behind it.
 */
export function threadedEnvironment(threads: CountedThreads, faults?: Environment["faults"]): Environment {
  const disk = nodeDisk();
  let reads = 0;
  const openRead: typeof disk.openRead = async (path) => {
    if (path.endsWith("input.ndjson") && reads++ > 0) await threads.ready;
    return disk.openRead(path);
  };
  return { ...nodeEnvironment({ logger: recordingLogger(), ...(faults === undefined ? {} : { faults }) }), disk: { ...disk, openRead }, threads };
}

/** Runs a pipeline to its end, or to a failure; what it has stored stays. */
export async function runOnce(settings: RunSettings, environment: Environment, during?: (run: PipelineRun, stores: HostStores) => void): Promise<Outcome> {
  const stores = await openDataFolder(`${settings.folder}/${settings.name}-data`, environment);
  const run = new PipelineRun(pipelineOf(settings).plan(), { environment, stores });
  let error: StreamFlowError | undefined;
  try {
    during?.(run, stores);
    await run.run().catch((thrown: unknown) => (error = thrown as StreamFlowError));
    const letters = error === undefined ? await listDeadLetters(stores.logs, "orders", { limit: 100_000 }) : [];
    const outputs = readdirSync(settings.folder).filter((name) => name.startsWith(`${settings.name}-`) && !name.endsWith("-data"));
    return {
      output: Object.fromEntries(outputs.map((name) => [name.slice(settings.name.length), read(`${settings.folder}/${name}`)])),
      // In order of places: of one batch, what the source has refused is told first.
      deadLetters: letters.toSorted((a, b) => placeOf(a.letter) - placeOf(b.letter)).map(({ letter }) => ({ node: letter.node, code: letter.code, message: letter.message, position: letter.position, raw: Buffer.from(letter.raw).toString() })),
      restarts: run.restarts,
      error,
    };
  } finally {
    await closeAll(stores);
  }
}

function placeOf({ position }: DeadLetter): number {
  return (JSON.parse(position ?? "[]") as readonly number[])[1] ?? -1;
}

/** A checkpoint as far as it says where the pipeline is: positions, what the engine counts, and the bytes of all state. */
export async function contentOf(stores: HostStores, { manifests }: Checkpoint): Promise<unknown> {
  return await Promise.all(manifests.map(async ({ shard, positions, progress, state }) => ({
    shard, positions, progress,
    state: await Promise.all(state.map(async ({ node, state: name, segment, start, end }) => ({ node, name, bytes: Buffer.from((await stores.checkpoints.readSegment("orders", segment)).subarray(start, end)).toString("base64") }))),
  })));
}
