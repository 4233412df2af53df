// Sessions by hand: one open session for each bidder, swept once a second. Trusts that the input is in order.
import type { LineWriter } from "./bids.ts";

const gapMs = 10_000;
const sweepEveryMs = 1_000;

interface Session {
  readonly start: number;
  end: number;
  count: number;
}

/** Counts bids of each bidder until 10 s pass without one. */
export class Sessions {
  readonly #out: LineWriter;
  readonly #open = new Map<number, Session>();
  #sweptMs = -Infinity;

  constructor(out: LineWriter) {
    this.#out = out;
  }

  add(bidder: number, timeMs: number): void {
    if (timeMs - this.#sweptMs > sweepEveryMs) this.#sweep(timeMs);
    const session = this.#open.get(bidder);
    if (session !== undefined && timeMs - session.end <= gapMs) {
      session.end = timeMs;
      session.count++;
      return;
    }
    if (session !== undefined) this.#emit(bidder, session);
    this.#open.set(bidder, { start: timeMs, end: timeMs, count: 1 });
  }

  end(): void {
    this.#sweep(Infinity);
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const [bidder, session] of this.#open) {
      if (nowMs - session.end <= gapMs) continue;
      this.#emit(bidder, session);
      this.#open.delete(bidder);
    }
  }

  #emit(bidder: number, { start, end, count }: Session): void {
    this.#out.add(`{"bidder":${bidder},"start":${start},"end":${end},"count":${count}}\n`);
  }
}
