// Commands that records become, and what an epoch of them does.
//   K1. A record is encoded when it is written; one that cannot be is refused alone.
//   K2. Where the last record of a key is its value, only that one is sent.
import { ChangeKind, isPlainObject, type Schema, type SinkBatch, StreamFlowError, toJson } from "@streamflow/core";
import { RecordBytes, type RecordFormat } from "./record-bytes.ts";
import { template, type Template } from "./template.ts";

/** A command of Redis with its arguments. */
export type RedisCommand = readonly (string | Buffer)[];

/** What records become: values or hashes by key; entries of a stream, elements of a list, messages of a channel. */
export type RedisKind = "set" | "hash" | "stream" | "list" | "publish";

/** How commands are made. */
export interface RedisCommandsOptions {
  readonly kind: RedisKind;
  readonly key: string;
  readonly format: RecordFormat;
  readonly schema: Schema | undefined;
  readonly ttlMs: number | undefined;
  readonly maxLength: number | undefined;
}

/** Commands of one record. */
export interface RecordCommands {
  readonly key: string;
  readonly commands: readonly RedisCommand[];
  readonly byteLength: number;
}

/** The type that a key must have, as Redis names it, where commands would fail on another. */
export const typeOfKey: Readonly<Partial<Record<RedisKind, string>>> = { stream: "stream", list: "list" };

/** Whether the last record of a key is all that remains. */
export function isByKey(kind: RedisKind): boolean {
  return kind === "set" || kind === "hash";
}

/** Makes commands of records. */
export class RedisCommands {
  readonly #options: RedisCommandsOptions;
  readonly #key: Template;
  readonly #bytes: RecordBytes;

  constructor(options: RedisCommandsOptions) {
    this.#options = options;
    this.#key = template(options.key, "the key of a Redis sink", (value) => value);
    this.#bytes = new RecordBytes(options.format, options.schema, true);
  }

  /** @throws StreamFlowError SF_CODEC_ENCODE for a record that cannot be written */
  of(batch: SinkBatch, index: number): RecordCommands {
    const value = batch.values[index];
    const change = batch.changes?.[index] ?? ChangeKind.insert;
    const key = this.#key.render(value);
    const isGone = change === ChangeKind.delete || change === ChangeKind.updateBefore;
    const commands = isGone ? [["DEL", key]] : this.#write(key, value);
    return { key, commands, byteLength: commands.reduce((sum, command) => command.reduce((bytes, part) => bytes + part.length, sum), 0) };
  }

  #write(key: string, value: unknown): readonly RedisCommand[] {
    const { kind, ttlMs, maxLength } = this.#options;
    const forget = ttlMs === undefined ? [] : ["PX", String(ttlMs)];
    switch (kind) {
      case "set": return [["SET", key, this.#encoded(value), ...forget]];
      case "hash": {
        const fields = fieldsOf(value);
        // What an earlier record had and this one has not is gone, and so is a value of another type.
        if (fields.length === 0) return [["DEL", key]];
        return [["DEL", key], ["HSET", key, ...fields], ...(ttlMs === undefined ? [] : [["PEXPIRE", key, String(ttlMs)]])];
      }
      case "stream": {
        const fields = fieldsOf(value);
        if (fields.length === 0) throw new StreamFlowError("SF_CODEC_ENCODE", "an entry of a stream needs a field that is not null");
        return [["XADD", key, ...(maxLength === undefined ? [] : ["MAXLEN", "~", String(maxLength)]), "*", ...fields]];
      }
      case "list": return [["RPUSH", key, this.#encoded(value)], ...(maxLength === undefined ? [] : [["LTRIM", key, String(-maxLength), "-1"]])];
      case "publish": return [["PUBLISH", key, this.#encoded(value)]];
    }
  }

  #encoded(value: unknown): Buffer {
    const bytes = this.#bytes.of(value);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Names and values; texts and bytes as they are, other values as JSON; null and undefined are left out. */
function fieldsOf(value: unknown): readonly (string | Buffer)[] {
  if (!isPlainObject(value)) throw new StreamFlowError("SF_CODEC_ENCODE", `a record with fields was expected, got ${value === null ? "null" : typeof value}`);
  return Object.entries(value).flatMap(([name, field]) => (field === null || field === undefined ? [] : [name, fieldValue(name, field)]));
}

function fieldValue(name: string, value: unknown): string | Buffer {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "bigint" || typeof value === "boolean" || typeof value === "number") return String(value);
  try {
    return JSON.stringify(toJson(value));
  } catch (cause) {
    throw new StreamFlowError("SF_CODEC_ENCODE", `field "${name}" cannot be written`, { cause });
  }
}

/** What an epoch does, in order. */
export class EpochCommands {
  readonly #kind: RedisKind;
  /** By key, where only the last record counts; else by number. */
  readonly #records = new Map<string | number, RecordCommands>();
  byteLength = 0;

  constructor(kind: RedisKind) {
    this.#kind = kind;
  }

  add(record: RecordCommands): void {
    const at = isByKey(this.#kind) ? record.key : this.#records.size;
    this.byteLength += record.byteLength - (this.#records.get(at)?.byteLength ?? 0);
    this.#records.set(at, record);
  }

  get keys(): readonly string[] {
    return [...new Set([...this.#records.values()].map(({ key }) => key))];
  }

  *commands(): Generator<RedisCommand> {
    for (const { commands } of this.#records.values()) yield* commands;
  }
}
