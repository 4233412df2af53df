// Sinks that write to memory, one for each way in which a sink may commit.
import type { Sink, SinkCapabilities, SinkContext, SinkNeeds, SinkSession } from "../contracts/sink.ts";
import { AppendingSession, RememberingSession, SinkFirstSession, StoreFirstSession, UpsertingSession, type SessionParts } from "./sink-sessions.ts";
import { SinkTarget } from "./sink-target.ts";

/** How a recording sink commits. `remembering`: store-first, and it knows what it has committed. */
export type RecordingSinkKind = "store-first" | "remembering" | "sink-first" | "idempotent" | "at-least-once";

/** Options of {@link RecordingSink}. */
export interface RecordingSinkOptions {
  /** What it writes to. @defaultValue a new target */
  readonly target?: SinkTarget;
  /** Records held before `write` asks to be waited for. @defaultValue 1000 */
  readonly maxBufferedRecords?: number;
  /** Why a value cannot be written; undefined where it can. @defaultValue everything can */
  readonly refuse?: (value: unknown) => string | undefined;
  /** @defaultValue `{ insertOnly: false }` */
  readonly needs?: SinkNeeds;
}

const capabilities: Readonly<Record<RecordingSinkKind, SinkCapabilities>> = {
  "store-first": { delivery: "transactional", commitOrder: "store-first" },
  remembering: { delivery: "transactional", commitOrder: "store-first", remembersCommits: true },
  "sink-first": { delivery: "transactional", commitOrder: "sink-first" },
  idempotent: { delivery: "idempotent" },
  "at-least-once": { delivery: "at-least-once" },
};

const sessions: Readonly<Record<RecordingSinkKind, new (parts: SessionParts) => SinkSession>> = {
  "store-first": StoreFirstSession,
  remembering: RememberingSession,
  "sink-first": SinkFirstSession,
  idempotent: UpsertingSession,
  "at-least-once": AppendingSession,
};

/**
 * A sink whose output a test can read, and whose target outlives it.
 *
 * It reaches the fault points `test-sink.prepared`, `test-sink.committed` and `test-sink.flushed`, each right after its effect.
 * @example
 * ```ts
 * const sink = new RecordingSink("store-first");
 * // … run a pipeline with it, crash it, and run it again with a sink that writes to the same target:
 * const next = new RecordingSink("store-first", { target: sink.target });
 * next.target.values; // => []
 * ```
 */
export class RecordingSink implements Sink {
  readonly type = "recording";
  readonly capabilities: SinkCapabilities;
  readonly config: Readonly<Record<string, unknown>>;
  readonly needs: SinkNeeds;
  readonly target: SinkTarget;
  readonly #kind: RecordingSinkKind;
  readonly #options: RecordingSinkOptions;
  #open = 0;

  constructor(kind: RecordingSinkKind, options: RecordingSinkOptions = {}) {
    this.#kind = kind;
    this.#options = options;
    this.capabilities = capabilities[kind];
    this.config = { kind };
    this.needs = options.needs ?? { insertOnly: false };
    this.target = options.target ?? new SinkTarget();
  }

  /** Sessions that are open now. */
  get openSessions(): number {
    return this.#open;
  }

  async open(context: SinkContext): Promise<SinkSession> {
    return new sessions[this.#kind]({
      target: this.target,
      context,
      maxBufferedRecords: this.#options.maxBufferedRecords ?? 1000,
      refuse: this.#options.refuse ?? (() => undefined),
      opened: (isOpen) => void (this.#open += isOpen ? 1 : -1),
    });
  }
}
