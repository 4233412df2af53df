// A checkpoint as the bytes that stores keep: one header line with length and checksum, then JSON.
// What repeats from shard to shard (segments, node and state names) is written once and referred to by index.
import { checksumOf, StreamFlowError } from "@streamflow/core";
import type { Checkpoint, SegmentRef, ShardManifest, StateSegment } from "@streamflow/core";

const format = 1;

/** `[node, state, serializer, version]`. */
type StateKind = readonly [node: string, state: string, serializer: string, version: number];
/** `[index of the kind, index of the segment, start, end]`. */
type StatePart = readonly [kind: number, segment: number, start: number, end: number];
type StoredScalar = string | number | boolean | { readonly number: string };

interface StoredShard {
  readonly shard: string;
  readonly epoch: number;
  readonly generation: number;
  readonly positions: Readonly<Record<string, string>>;
  readonly progress: Readonly<Record<string, StoredScalar>>;
  readonly state: readonly StatePart[];
}

interface StoredCheckpoint {
  readonly epoch: number;
  readonly createdMs: number;
  readonly plan: Readonly<Record<string, string>>;
  readonly segments: readonly SegmentRef[];
  readonly kinds: readonly StateKind[];
  readonly shards: readonly StoredShard[];
  readonly prepared: Readonly<Record<string, number>>;
}

/** Writes a checkpoint as bytes that carry their own checksum. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const segments = new Numbering<SegmentRef>((segment) => segment.name);
  const kinds = new Numbering<StateKind>((kind) => JSON.stringify(kind));
  const part = (state: StateSegment): StatePart => {
    const kind = kinds.indexOf([state.node, state.state, state.serializer, state.version]);
    return [kind, segments.indexOf(state.segment), state.start, state.end];
  };
  const shards = checkpoint.manifests.map((manifest): StoredShard => ({
    shard: manifest.shard,
    epoch: manifest.epoch,
    generation: manifest.generation,
    positions: manifest.positions,
    progress: mapValues(manifest.progress, encodeScalar),
    state: manifest.state.map(part),
  }));
  const stored: StoredCheckpoint = {
    epoch: checkpoint.epoch,
    createdMs: checkpoint.createdMs,
    plan: checkpoint.plan,
    prepared: mapValues(checkpoint.prepared, (segment) => segments.indexOf(segment)),
    segments: segments.items,
    kinds: kinds.items,
    shards,
  };
  return seal(stored);
}

/**
 * Reads what `encodeCheckpoint` wrote.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT where length or checksum fail; SF_STATE_INCOMPATIBLE for a format that this version does not know.
 */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const stored = unseal(bytes, where) as StoredCheckpoint;
  const at = <T>(items: readonly T[], index: number): T => {
    const item = items[index];
    if (item === undefined) throw corrupt(where, `index ${index} is out of bounds`);
    return item;
  };
  const restorePart = ([kind, segment, start, end]: StatePart): StateSegment => {
    const [node, state, serializer, version] = at(stored.kinds, kind);
    return { node, state, serializer, version, segment: at(stored.segments, segment), start, end };
  };
  const manifests = stored.shards.map((shard): ShardManifest => ({
    formatVersion: 1,
    shard: shard.shard,
    epoch: shard.epoch,
    generation: shard.generation,
    positions: shard.positions,
    progress: mapValues(shard.progress, decodeScalar),
    state: shard.state.map(restorePart),
  }));
  const prepared = mapValues(stored.prepared, (index) => at(stored.segments, index));
  return { epoch: stored.epoch, createdMs: stored.createdMs, plan: stored.plan, manifests, prepared };
}

/** Every segment that a checkpoint names, once each. */
export function segmentsOf(checkpoint: Checkpoint): ReadonlyMap<string, SegmentRef> {
  const found = new Map<string, SegmentRef>();
  for (const manifest of checkpoint.manifests) for (const state of manifest.state) found.set(state.segment.name, state.segment);
  for (const segment of Object.values(checkpoint.prepared)) found.set(segment.name, segment);
  return found;
}

/** Writes any JSON value behind a header line with its length and checksum. */
export function seal(value: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(value), "utf8");
  const header = JSON.stringify({ format, byteLength: body.byteLength, checksum: checksumOf(body) });
  return Buffer.concat([Buffer.from(`${header}\n`, "utf8"), body]);
}

/** The header line of what `seal` wrote: that of other contents is another one. */
export function headerOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.toString("utf8", 0, Math.max(0, text.indexOf(10)));
}

/**
 * Reads what `seal` wrote.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT, SF_STATE_INCOMPATIBLE.
 */
export function unseal(bytes: Uint8Array, where: string): unknown {
  return JSON.parse(sealedText(bytes, where).toString("utf8"));
}

/**
 * The JSON text in what `seal` wrote, with its length and checksum verified.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT, SF_STATE_INCOMPATIBLE.
 */
export function sealedText(bytes: Uint8Array, where: string): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lineEnd = text.indexOf(10);
  const header = lineEnd < 0 ? undefined : parseHeader(text.toString("utf8", 0, lineEnd));
  if (header === undefined) throw corrupt(where, "its header is not readable");
  if (header.format !== format) {
    const message = `${where} has format ${JSON.stringify(header.format)}; this version reads format ${format}`;
    throw new StreamFlowError("SF_STATE_INCOMPATIBLE", message, { hint: "run the version of StreamFlow that wrote it, or a newer one" });
  }
  const body = text.subarray(lineEnd + 1);
  if (body.byteLength !== header.byteLength) throw corrupt(where, `it has ${body.byteLength} bytes, expected ${header.byteLength}`);
  const checksum = checksumOf(body);
  if (checksum !== header.checksum) throw corrupt(where, `its checksum is ${checksum}, expected ${header.checksum}`);
  return body;
}

interface Header {
  readonly format: unknown;
  readonly byteLength: unknown;
  readonly checksum: unknown;
}

/** A header that is no JSON object stands for damage; undefined then. */
function parseHeader(line: string): Header | undefined {
  try {
    const header: unknown = JSON.parse(line);
    return typeof header === "object" && header !== null && "format" in header ? (header as Header) : undefined;
  } catch {
    return undefined;
  }
}

function corrupt(where: string, what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `${where} is damaged: ${what}`, { context: { where } });
}

/** JSON has no NaN, no infinities and no −0; watermarks need the infinities. */
function encodeScalar(value: string | number | boolean): StoredScalar {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}

function decodeScalar(value: StoredScalar): string | number | boolean {
  return typeof value === "object" ? Number(value.number) : value;
}

/** `Object.fromEntries` makes own properties of any name, `__proto__` too. */
function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Numbers distinct items in order of first use. */
class Numbering<T> {
  readonly items: T[] = [];
  readonly #index = new Map<string, number>();
  readonly #identity: (item: T) => string;

  constructor(identity: (item: T) => string) {
    this.#identity = identity;
  }

  indexOf(item: T): number {
    const identity = this.#identity(item);
    const known = this.#index.get(identity);
    if (known !== undefined) return known;
    this.#index.set(identity, this.items.length);
    return this.items.push(item) - 1;
  }
}
