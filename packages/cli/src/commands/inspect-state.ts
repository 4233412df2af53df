// `streamflow inspect state`: what the newest readable checkpoint holds, by node, table and shard; entries with --node and --key.
import { readTable, StreamFlowError, toJson, type Checkpoint, type CheckpointStore, type Logger, type ShardManifest, type StoredEntry } from "@streamflow/core";
import type { CliContext, GlobalOptions } from "../cli-context.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { openProject } from "../host-module.ts";
import { Output } from "../output.ts";
import { unknownPipeline, withStores } from "../stores.ts";
import { bytes, grouped, table } from "../terminal.ts";

/** Options of `inspect state`. */
export interface InspectStateOptions {
  readonly node?: string;
  readonly key?: string;
  readonly limit: number;
}

/** One table of one node, in one shard. */
interface TableRow {
  readonly node: string;
  readonly table: string;
  readonly serializer: string;
  readonly shard: string;
  readonly entries: number;
  readonly bytes: number;
}

/** An entry as it is shown. */
interface EntryRow {
  readonly node: string;
  readonly table: string;
  readonly shard: string;
  readonly namespace: number;
  readonly key: unknown;
  readonly value: unknown;
}

/** A shard, and where it stands. */
interface ShardRow {
  readonly shard: string;
  readonly positions: Readonly<Record<string, string>>;
  readonly progress: Readonly<Record<string, unknown>>;
}

interface StateView {
  readonly epoch: number;
  readonly createdMs: number;
  readonly shards: readonly ShardRow[];
  readonly tables: readonly TableRow[];
  readonly entries: readonly EntryRow[];
}

/** Shows state: a summary, or entries where a node or a key is named. */
export async function inspectState(pipeline: string, options: InspectStateOptions, context: CliContext, globals: GlobalOptions): Promise<ExitCode> {
  const project = await openProject({ context, globals });
  const view = await withStores(project, async ({ checkpoints }) => viewOf({ store: checkpoints, pipeline, options, logger: project.host.environment.logger }));
  const output = new Output(context, globals);
  output.answer(() => render(view, options), () => ({ pipeline, dataFolder: project.dataFolder, ...view }));
  return exitCodes.ok;
}

interface ViewParts {
  readonly store: CheckpointStore;
  readonly pipeline: string;
  readonly options: InspectStateOptions;
  readonly logger: Logger;
}

/** Goes back, checkpoint by checkpoint, to the newest that can be read whole; says what it passes over. */
async function viewOf(parts: ViewParts): Promise<StateView> {
  const { store, pipeline, logger } = parts;
  const listed = await store.list(pipeline);
  if (listed.length === 0) throw unknownPipeline(pipeline, await store.pipelines(), "checkpoints");
  let damage = "";
  for (const entry of listed) {
    try {
      if (!("damaged" in entry)) return await read(entry.checkpoint, parts);
      damage = entry.damaged;
    } catch (thrown) {
      if (!StreamFlowError.is(thrown, "SF_STATE_CORRUPT")) throw thrown;
      damage = thrown.message;
    }
    logger.warn(`checkpoint ${entry.epoch} is damaged; looking at the one before`, { epoch: entry.epoch, reason: damage });
  }
  throw new StreamFlowError("SF_STATE_CORRUPT", `no checkpoint of "${pipeline}" can be read; the oldest: ${damage}`);
}

async function read(checkpoint: Checkpoint, { store, pipeline, options }: ViewParts): Promise<StateView> {
  const reader = new StateReaderOf(store, pipeline, options);
  for (const manifest of checkpoint.manifests) await reader.add(manifest);
  const shards = checkpoint.manifests
    .filter(({ positions, state }) => Object.keys(positions).length > 0 || state.length > 0)
    .map(({ shard, positions, progress }) => ({ shard, positions: withoutMarks(positions), progress }));
  checkNode(options.node, reader.tables, pipeline);
  return { epoch: checkpoint.epoch, createdMs: checkpoint.createdMs, shards, tables: reader.tables, entries: reader.entries };
}

/** Collects tables and entries. */
class StateReaderOf {
  readonly tables: TableRow[] = [];
  readonly entries: EntryRow[] = [];
  readonly #store: CheckpointStore;
  readonly #pipeline: string;
  readonly #options: InspectStateOptions;
  readonly #segments = new Map<string, Uint8Array>();

  constructor(store: CheckpointStore, pipeline: string, options: InspectStateOptions) {
    this.#store = store;
    this.#pipeline = pipeline;
    this.#options = options;
  }

  async add({ shard, state }: ShardManifest): Promise<void> {
    for (const { node, state: name, serializer, segment, start, end } of state) {
      let all = this.#segments.get(segment.name);
      if (all === undefined) this.#segments.set(segment.name, (all = await this.#store.readSegment(this.#pipeline, segment)));
      let count = 0;
      for (const entry of readTable(all.subarray(start, end))) {
        count++;
        if (this.#isWanted(node, entry)) this.entries.push(entryRow(entry, { node, table: name, shard }));
      }
      this.#addTable({ node, table: name, serializer, shard, entries: count, bytes: end - start });
    }
  }

  /** A large table is stored in several parts, one behind the other. */
  #addTable(part: TableRow): void {
    const last = this.tables.at(-1);
    const isSame = last !== undefined && last.node === part.node && last.table === part.table && last.shard === part.shard;
    if (!isSame) this.tables.push(part);
    else this.tables[this.tables.length - 1] = { ...last, entries: last.entries + part.entries, bytes: last.bytes + part.bytes };
  }

  #isWanted(node: string, { key }: StoredEntry): boolean {
    const { node: wanted, key: text, limit } = this.#options;
    if (wanted === undefined && text === undefined) return false;
    if (this.entries.length >= limit || (wanted !== undefined && wanted !== node)) return false;
    return text === undefined || keyText(key) === text || JSON.stringify(toJson(key)) === text;
  }
}

function entryRow({ namespace, key, parts }: StoredEntry, place: Pick<EntryRow, "node" | "table" | "shard">): EntryRow {
  return { ...place, namespace, key: toJson(key), value: toJson(parts.length === 1 ? parts[0] : parts) };
}

/** A key as a user types it: text as it is, everything else as JSON. */
function keyText(key: unknown): string {
  return typeof key === "string" ? key : JSON.stringify(toJson(key));
}

/** Leaves out what the engine notes beside positions. */
function withoutMarks(positions: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(positions).filter(([name]) => !name.startsWith("\u0000")));
}

function checkNode(node: string | undefined, tables: readonly TableRow[], pipeline: string): void {
  if (node === undefined || tables.some((row) => row.node === node)) return;
  const known = [...new Set(tables.map((row) => row.node))].sort();
  throw new StreamFlowError("SF_CONFIG_INVALID", `the checkpoint of "${pipeline}" holds no state of a node "${node}"`, { hint: known.length === 0 ? "it holds no state at all" : `nodes with state: ${known.join(", ")}` });
}

function render(view: StateView, { node, key, limit }: InspectStateOptions): string {
  const head = `checkpoint ${view.epoch}, ${new Date(view.createdMs).toISOString()}`;
  if (node === undefined && key === undefined) return `${head}\n\n${renderTables(view.tables)}\n\n${renderShards(view.shards)}`;
  if (view.entries.length === 0) return `${head}\n\nno entries`;
  const rows = view.entries.map((row) => [`${row.node}.${row.table}`, row.shard, namespaceText(row.namespace), JSON.stringify(row.key), JSON.stringify(row.value)]);
  const more = view.entries.length >= limit ? `\n\nthe first ${limit}; more with --limit` : "";
  return `${head}\n\n${table([["STATE", "SHARD", "NAMESPACE", "KEY", "VALUE"], ...rows])}${more}`;
}

function renderTables(rows: readonly TableRow[]): string {
  if (rows.length === 0) return "no state";
  return table([["NODE", "TABLE", "SHARD", "ENTRIES", "SIZE"], ...rows.map((row) => [row.node, row.table, row.shard, grouped(row.entries), bytes(row.bytes)])]);
}

function renderShards(rows: readonly ShardRow[]): string {
  const cells = rows.map(({ shard, positions, progress }) => [
    shard,
    Object.entries(positions).map(([partition, position]) => `${partition} @ ${position}`).join(", "),
    Object.entries(progress).map(([name, value]) => `${name}=${String(value)}`).join(" "),
  ]);
  return table([["SHARD", "POSITIONS", "PROGRESS"], ...cells]);
}

/** A namespace is often a window's start. */
function namespaceText(namespace: number): string {
  return Number.isInteger(namespace) && namespace > 1e11 && namespace < 8.64e15 ? new Date(namespace).toISOString() : String(namespace);
}
