// Something that is tried again until it works: people hear of it once when it lasts, and once when it is over.
import type { Clock, Logger } from "@streamflow/core";

/** What an outage needs. */
export interface OutageParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For messages: `kafka source "in": the brokers`. */
  readonly what: string;
}

/** Shorter ones are the usual moves of leaders and coordinators. */
const worthAWordMs = 2_000;

/** How long something has been failing. */
export class Outage {
  readonly #parts: OutageParts;
  #sinceMs: number | undefined;
  #isTold = false;

  constructor(parts: OutageParts) {
    this.#parts = parts;
  }

  /** It has failed (again). Answers for how long it has been failing, in milliseconds. */
  failed(error: unknown): number {
    const { clock, logger, what } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    const lastsMs = nowMs - this.#sinceMs;
    if (lastsMs >= worthAWordMs && !this.#isTold) {
      this.#isTold = true;
      logger.warn(`${what} cannot be reached, and will be tried until they can`, { reason: error instanceof Error ? error.message : String(error) });
    }
    return lastsMs;
  }

  /** It works. */
  over(): void {
    if (this.#isTold) this.#parts.logger.info(`${this.#parts.what} can be reached again`);
    this.#sinceMs = undefined;
    this.#isTold = false;
  }
}
