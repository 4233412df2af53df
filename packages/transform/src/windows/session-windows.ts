// Sessions: windows of a key that grow with its records and become one where they overlap or touch.
//   S1. The open sessions of a key neither overlap nor touch. They are kept in order of start.
//   S2. A record is late when, joined with what it overlaps or touches, the session is already gone. Joining one that is still there never is.
//   S3. A session has a key timer at or before the next time something is due: firing, or going away. A timer that comes too early is set again.
//   S4. `fired`: the present extent has had its on-time firing. A joined session starts afresh.
import type { KeyedTable, Operator, Serializer } from "@streamflow/core";
import type { Accumulators, AggregateSet } from "../aggregate-set.ts";
import { type FiringCause, nextTickMs } from "../trigger.ts";
import { floorMod, type SessionWindows } from "./assigners.ts";
import { hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";

interface Session {
  startMs: number;
  endMs: number;
  count: number;
  fired: boolean;
  /** Records since the last firing. */
  pending: number;
  /** Ordinal of the record that came last. */
  ordinal: number;
  accumulators: Accumulators;
}

type Sessions = Session[];

function sessionsSerializer(set: AggregateSet): Serializer<Sessions> {
  const inner = set.serializer;
  const { name, version } = inner;
  return {
    name: `sessions:${name}`,
    version,
    write(sessions, out) {
      out.number(sessions.length);
      for (const { startMs, endMs, count, fired, pending, ordinal, accumulators } of sessions) {
        for (const value of [startMs, endMs, count, Number(fired), pending, ordinal]) out.number(value);
        inner.write(accumulators, out);
      }
    },
    read: (from, stored) =>
      Array.from({ length: from.number() }, () => ({
        startMs: from.number(),
        endMs: from.number(),
        count: from.number(),
        fired: from.number() === 1,
        pending: from.number(),
        ordinal: from.number(),
        accumulators: inner.read(from, stored),
      })),
  };
}

/** The operator of session windows. */
export class SessionWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: SessionWindows;
  readonly #table: KeyedTable<Sessions>;
  #processingTimerSet = false;

  constructor(parts: WindowParts, windows: SessionWindows) {
    this.#parts = parts;
    this.#windows = windows;
    this.#table = parts.context.state.table("sessions", sessionsSerializer(parts.set));
    const late = parts.context.output("late");
    this.inputs = [(record) => this.#push(record, late)];
  }

  restored(): void {
    this.#table.forEach(0, (_key, sessions) => {
      if (sessions.some((session) => session.pending > 0 && !session.fired)) this.#armProcessing();
    });
  }

  onKeyTimer(timeMs: number, key: unknown): void {
    const sessions = this.#table.edit(0, key);
    if (sessions === undefined) return;
    const kept = sessions.filter((session) => this.#settle(session, key, timeMs));
    this.#keep(key, kept);
  }

  onProcessingTimer(): void {
    this.#processingTimerSet = false;
    this.#table.forEach(0, (key) => {
      for (const session of this.#table.edit(0, key) ?? []) if (session.pending > 0 && !session.fired) this.#fire(session, key, "early");
    });
  }

  #push(record: unknown, late: (record: unknown) => void): void {
    const { context, allowedLatenessMs } = this.#parts;
    if (!hasTimeOrReject(this.#parts, record)) return;
    const { key, timestampMs } = context.cursor;
    const endMs = timestampMs + this.#windows.gapMs;
    const sessions = this.#table.edit(0, key) ?? [];
    const touched = sessions.filter((session) => session.startMs <= endMs && session.endMs >= timestampMs);
    if (touched.length === 0 && endMs - 1 + allowedLatenessMs <= context.time.watermarkMs) return late(record);
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const hadFired = touched.every((one) => one.fired);
    const session = this.#join(touched, { startMs: timestampMs, endMs });
    session.ordinal = Math.max(0, ...sessions.map(({ ordinal }) => ordinal)) + 1;
    this.#parts.set.add(session.accumulators, inputs, session.ordinal);
    session.count++;
    session.pending++;
    const others = sessions.filter((other) => !touched.includes(other));
    session.fired = session.endMs - 1 <= context.time.watermarkMs;
    // What was there already has a timer (S3), unless it was one for going away and the session must fire again first.
    if (touched.length === 0 || (hadFired && !session.fired)) this.#setTimer(session, key);
    const isOpen = this.#afterRecord(session, key);
    this.#keep(key, isOpen ? [...others, session].sort((a, b) => a.startMs - b.startMs) : others);
  }

  /** One session out of those that a record touches, extended by it. */
  #join(touched: readonly Session[], { startMs, endMs }: { startMs: number; endMs: number }): Session {
    const { set } = this.#parts;
    const [first, ...rest] = touched;
    if (first === undefined) return { startMs, endMs, count: 0, fired: false, pending: 0, ordinal: 0, accumulators: set.create() };
    for (const other of rest) {
      set.merge(first.accumulators, other.accumulators);
      first.count += other.count;
      first.pending += other.pending;
    }
    first.startMs = Math.min(first.startMs, startMs);
    first.endMs = Math.max(endMs, ...touched.map((session) => session.endMs));
    return first;
  }

  #setTimer(session: Session, key: unknown): void {
    const { context, allowedLatenessMs } = this.#parts;
    context.timers.setEventForKey(session.endMs - 1 + (session.fired ? allowedLatenessMs : 0), key);
  }

  /** Fires what a record makes due. Answers whether the session stays. */
  #afterRecord(session: Session, key: unknown): boolean {
    const { early } = this.#parts;
    const { maxCount } = this.#windows;
    if (maxCount !== undefined && session.count >= maxCount) {
      this.#fire(session, key, session.fired ? "late" : "onTime");
      return false;
    }
    if (session.fired) this.#fire(session, key, "late");
    else if (session.pending >= (early.count ?? Infinity)) this.#fire(session, key, "early");
    else this.#arm(session, key);
    return true;
  }

  /** Does what is due for a session at a time. Answers whether the session stays. */
  #settle(session: Session, key: unknown, timeMs: number): boolean {
    const { mode, allowedLatenessMs, early } = this.#parts;
    const lastMs = session.endMs - 1;
    if (!session.fired && lastMs <= timeMs) {
      session.fired = true;
      if (mode === "accumulating" || session.pending > 0) this.#fire(session, key, "onTime");
    }
    if (lastMs + allowedLatenessMs <= timeMs) return false;
    this.#setTimer(session, key);
    const isTick = early.everyMs !== undefined && floorMod(timeMs + 1, early.everyMs) === 0 && timeMs >= session.startMs;
    if (isTick && !session.fired && session.pending > 0) this.#fire(session, key, "early");
    return true;
  }

  /** Sets the early timers of a session that has something new. */
  #arm(session: Session, key: unknown): void {
    const { context, early } = this.#parts;
    if (early.everyProcessingMs !== undefined) this.#armProcessing();
    if (early.everyMs === undefined) return;
    const tickMs = nextTickMs(Math.max(context.time.watermarkMs, session.startMs - 1), early.everyMs);
    if (tickMs < session.endMs - 1) context.timers.setEventForKey(tickMs, key);
  }

  #armProcessing(): void {
    const { context, early } = this.#parts;
    if (early.everyProcessingMs === undefined || this.#processingTimerSet) return;
    this.#processingTimerSet = true;
    context.timers.setProcessing(context.clock.nowMs() + early.everyProcessingMs, 0);
  }

  #fire(session: Session, key: unknown, cause: FiringCause): void {
    const { mode, output, set } = this.#parts;
    const { accumulators, startMs, endMs } = session;
    session.pending = 0;
    if (mode === "discarding") session.accumulators = set.create();
    output.fire(accumulators, { key, startMs, endMs, cause });
  }

  #keep(key: unknown, sessions: Sessions): void {
    if (sessions.length === 0) this.#table.delete(0, key);
    else this.#table.set(0, key, sessions);
  }
}
