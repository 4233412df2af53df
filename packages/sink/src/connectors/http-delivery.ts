// Makes requests of batches, sends them, and finds out which records a server did not take.
import { createHash } from "node:crypto";
import type { BatchFailure, Environment, SinkBatch, StreamFlowError } from "@streamflow/core";
import { BatchError, StreamFlowError as Failure, toStreamFlowError } from "@streamflow/core";
import { reach } from "../crash-point.ts";
import { identityKey, type KeyScope } from "../idempotency.ts";
import type { FailuresIn, HttpAnswer } from "./http-answer.ts";
import type { BodyWriter } from "./http-body.ts";
import type { HttpClient } from "./http-client.ts";
import type { HttpTarget, Targets } from "./http-target.ts";
import { OrderedWork } from "./ordered-work.ts";

/** What deliveries are made with. */
export interface HttpDeliveryParts {
  readonly name: string;
  readonly environment: Environment;
  readonly client: HttpClient;
  readonly targets: Targets;
  readonly body: BodyWriter;
  readonly method: string;
  readonly keyHeader: string;
  readonly scope: KeyScope;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly concurrency: number;
  /** Requests have one record each. */
  readonly isAlone: boolean;
  readonly failures: FailuresIn | undefined;
  /** Records with the same answer stay in order. */
  readonly orderOf: ((value: unknown) => string) | undefined;
}

/** A record on its way. */
interface Item {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly identity: string;
  readonly order: string | undefined;
}

/** Records of one request. */
interface Group {
  readonly target: HttpTarget;
  readonly items: readonly Item[];
  /** How often the server has left some of them out. */
  readonly tries: number;
}

/** Writes batches as requests. */
export class HttpDelivery {
  readonly #parts: HttpDeliveryParts;

  constructor(parts: HttpDeliveryParts) {
    this.#parts = parts;
  }

  /** Resolves when the server has taken every record. @throws BatchError for those that it refuses, when it has taken the others; else what `HttpClient.send` throws. */
  async write(batch: SinkBatch): Promise<void> {
    const failures: BatchFailure[] = [];
    const work = new OrderedWork(this.#parts.concurrency);
    for (const group of this.#groups(batch, failures)) {
      const keys = new Set(group.items.flatMap(({ order }) => order ?? []));
      if (!(await work.add(keys, () => this.#send(group, failures)))) break;
    }
    await work.done();
    if (failures.length === 0) return;
    failures.sort((a, b) => a.index - b.index);
    throw new BatchError(`${this.#parts.name}: ${failures.length} of ${batch.length} records were refused: ${failures[0]?.error.message}`, failures);
  }

  /** Neighbours with one target, within the bounds: where they are cut depends on the batch alone. */
  *#groups(batch: SinkBatch, failures: BatchFailure[]): Generator<Group> {
    const { maxRecords, maxBytes } = this.#parts;
    let target: HttpTarget | undefined;
    let items: Item[] = [];
    let bytes = 0;
    for (const [index, value] of batch.values.entries()) {
      const made = this.#item(batch, { index, value }, failures);
      if (made === undefined) continue;
      const { item, to } = made;
      if (target !== undefined && (to.name !== target.name || items.length >= maxRecords || bytes + item.bytes.length > maxBytes)) {
        yield { target, items, tries: 0 };
        items = [];
        bytes = 0;
      }
      target = to;
      items.push(item);
      bytes += item.bytes.length;
    }
    if (target !== undefined) yield { target, items, tries: 0 };
  }

  #item(batch: SinkBatch, { index, value }: { readonly index: number; readonly value: unknown }, failures: BatchFailure[]): { readonly item: Item; readonly to: HttpTarget } | undefined {
    const { targets, body, scope, orderOf } = this.#parts;
    try {
      const to = targets.of(value);
      return { to, item: { index, bytes: body.record(value), identity: identityKey(scope, batch.identityAt(index)), order: orderOf?.(value) } };
    } catch (thrown) {
      failures.push({ index, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be made a request") });
      return undefined;
    }
  }

  /** Sends records together; those that are refused by halves, and at last alone. */
  async #send(group: Group, failures: BatchFailure[]): Promise<void> {
    const { items } = group;
    await reach(this.#parts.environment, "http-sink.request");
    const { verdict, answer, error } = await this.#parts.client.send(this.#request(group));
    await reach(this.#parts.environment, "http-sink.answered");
    if (verdict === "ok") return this.#leftOut(group, answer, failures);
    const [first] = items;
    if (items.length === 1 && first !== undefined) return void failures.push({ index: first.index, error });
    const middle = items.length >> 1;
    for (const half of [items.slice(0, middle), items.slice(middle)]) await this.#send({ ...group, items: half }, failures);
  }

  /** What an answer that says ok has left out is sent again, or refused. */
  async #leftOut(group: Group, answer: HttpAnswer, failures: BatchFailure[]): Promise<void> {
    const { failures: find, name, client } = this.#parts;
    if (find === undefined) return;
    const again: Item[] = [];
    for (const { index, message, retryable } of find(answer)) {
      const item = group.items[index];
      if (item === undefined) throw new Failure("SF_SINK_FAILED", `${name}: an answer names record ${index} of ${group.items.length}`);
      if (retryable === true) again.push(item);
      else failures.push({ index: item.index, error: this.#refusal(message) });
    }
    if (again.length === 0) return;
    await client.pause(group.tries, `${name}: a server leaves ${again.length} records out again and again`);
    await this.#send({ ...group, items: again, tries: group.tries + 1 }, failures);
  }

  #refusal(message: string): StreamFlowError {
    return new Failure("SF_SINK_REJECTED", `${this.#parts.name}: ${message}`);
  }

  #request({ target, items }: Group): Parameters<HttpClient["send"]>[0] {
    const { body, method, keyHeader, isAlone } = this.#parts;
    const headers = { "content-type": body.contentType, ...target.headers, [keyHeader]: keyOf(items) };
    return { url: target.url, method, headers, body: body.body(items.map(({ bytes }) => bytes), isAlone) };
  }
}

/** For one record what `shortKey` answers. */
function keyOf(items: readonly Item[]): string {
  return createHash("sha256").update(items.map(({ identity }) => identity).join("\n")).digest("hex").slice(0, 32);
}
