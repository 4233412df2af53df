// Records as text on a stream, standard output above all.
import type { EncoderFactory, OutputStream, Sink, SinkBatch, SinkSession } from "@streamflow/core";
import { BatchError, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import { ByteBuffer } from "../encoders/byte-buffer.ts";
import { encodeBatch } from "../encoders/encode-batch.ts";
import { encoderOf, type OutputFormat } from "../encoders/formats.ts";

/** Options of {@link stdoutSink}. */
export interface StdoutSinkOptions {
  /** Where to write. @defaultValue the standard output of the environment */
  readonly stream?: OutputStream;
  /** How a record becomes text. @defaultValue "ndjson" */
  readonly format?: OutputFormat;
}

/**
 * Writes records to a stream, at least once: after a crash, records since the last checkpoint come again.
 *
 * `write` waits while the stream is full; `flush` waits until everything is written. A reader that goes away (EPIPE) fails the pipeline with
 * SF_SINK_FAILED. The stream is not closed. Records that cannot be encoded go to the dead letters.
 */
export function stdoutSink<In = unknown>(options: StdoutSinkOptions = {}): Sink<In> {
  const encoder = encoderOf(options.format ?? "ndjson");
  return {
    type: "stdout",
    capabilities: { delivery: "at-least-once" },
    config: { format: encoder.type },
    async open({ environment, node, schema }) {
      const stream = options.stream ?? environment.stdout;
      if (stream === undefined) throw new StreamFlowError("SF_SINK_FAILED", `stdout sink "${node}": the process has no standard output to give`, { hint: "give the sink a stream" });
      return new StreamSession(stream, encoder.create(schema === undefined ? {} : { schema }), node);
    },
  };
}

class StreamSession implements SinkSession {
  readonly readsColumns: boolean;
  readonly #stream: OutputStream;
  readonly #encoder: ReturnType<EncoderFactory["create"]>;
  readonly #node: string;
  readonly #buffer = new ByteBuffer();
  /** Pieces that the stream was given, and that it has written. */
  #sent = 0;
  #written = 0;
  #waiters: Waiter[] = [];
  #failure: StreamFlowError | undefined;
  #isClosed = false;

  constructor(stream: OutputStream, encoder: ReturnType<EncoderFactory["create"]>, node: string) {
    this.#stream = stream;
    this.#encoder = encoder;
    this.readsColumns = encoder.encodeColumns !== undefined;
    this.#node = node;
    if (encoder.prologue !== undefined) this.#buffer.bytes(encoder.prologue);
  }

  write(batch: SinkBatch): void | Promise<void> {
    if (this.#isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `stdout sink "${this.#node}" is closed`);
    if (this.#failure !== undefined) throw this.#failure;
    const failures = encodeBatch(this.#encoder, batch, this.#buffer);
    const wait = this.#send();
    if (failures.length === 0) return wait;
    const error = new BatchError(`${failures.length} of ${batch.length} records cannot be encoded: ${failures[0]?.error.message}`, failures);
    if (wait === undefined) throw error;
    return wait.then(() => Promise.reject(error));
  }

  async flush(): Promise<void> {
    await (this.#send() ?? this.#allWritten());
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#allWritten().catch(() => undefined);
  }

  /** Answers a promise where the stream is full: it resolves when everything up to here is written. */
  #send(): Promise<void> | undefined {
    if (this.#buffer.length === 0) return undefined;
    // The stream keeps what it is given until it has written it.
    const bytes = Buffer.from(this.#buffer.view());
    this.#buffer.clear();
    const takesMore = this.#stream.write(bytes, this.#done);
    this.#sent++;
    return takesMore ? undefined : this.#allWritten();
  }

  /** Resolves when all that was sent up to now is written: at most one promise for whoever waits, and none for each piece. */
  #allWritten(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ upTo: this.#sent, resolve, reject });
      this.#answer();
    });
  }

  /** A stream writes in order. Whoever does not wait for a failure sees it at the next write or flush. */
  readonly #done = (error?: Error | null): void => {
    this.#written++;
    if (error !== undefined && error !== null) this.#failure ??= toStreamFlowError(error, "SF_SINK_FAILED", `stdout sink "${this.#node}" cannot write`);
    if (this.#waiters.length > 0) this.#answer();
  };

  #answer(): void {
    const failure = this.#failure;
    const ready = this.#waiters.filter(({ upTo }) => failure !== undefined || upTo <= this.#written);
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve, reject } of ready) {
      if (failure === undefined) resolve();
      else reject(failure);
    }
  }
}

/** Waits for what was sent up to a piece. */
interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: StreamFlowError) => void;
}
