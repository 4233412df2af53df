// Leaves a service alone that keeps failing.
//   CB1. Closed: calls pass. After `failureThreshold` failures in a row it opens.
//   CB2. Open: calls fail at once, without reaching the service, until `resetMs` have passed.
//   CB3. Half-open: one call passes as a probe, the others fail at once. Its success closes the circuit, its failure opens it again.
//   CB4. Aborts say nothing about the service: they count neither way.
import type { Clock } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import { isAbort } from "./abort.ts";

/** Options of {@link CircuitBreaker}. */
export interface CircuitBreakerOptions {
  readonly clock: Clock;
  /** What it protects, for errors: `sink "orders"`. */
  readonly what: string;
  /** Failures in a row that open it. @defaultValue 5 */
  readonly failureThreshold?: number;
  /** How long it stays open, in milliseconds. @defaultValue 10_000 */
  readonly resetMs?: number;
  /** Whether a failure counts against the service. @defaultValue every failure counts */
  readonly isFailure?: (error: unknown) => boolean;
}

/** Passes calls on to a service, and stops doing so for a while when they keep failing. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  /** When it opened, in monotonic milliseconds; undefined while it is closed. */
  #openedMs: number | undefined;
  #isProbing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): "closed" | "open" | "half-open" {
    if (this.#openedMs === undefined) return "closed";
    return this.#remainingMs(this.#openedMs) > 0 ? "open" : "half-open";
  }

  /** @throws {@link StreamFlowError} SF_CIRCUIT_OPEN (retryable) without calling `work`, while the circuit is open. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const isProbe = this.#enter();
    try {
      const result = await work();
      this.#succeed(isProbe);
      return result;
    } catch (error) {
      this.#fail(error, isProbe);
      throw error;
    } finally {
      if (isProbe) this.#isProbing = false;
    }
  }

  #enter(): boolean {
    if (this.#openedMs === undefined) return false;
    const remainingMs = this.#remainingMs(this.#openedMs);
    if (remainingMs > 0 || this.#isProbing) {
      const when = remainingMs > 0 ? `is left alone for another ${Math.ceil(remainingMs)} ms` : "is being probed";
      throw new StreamFlowError("SF_CIRCUIT_OPEN", `${this.#options.what} failed ${this.#failures} times in a row and ${when}`, { context: { remainingMs } });
    }
    this.#isProbing = true;
    return true;
  }

  #succeed(isProbe: boolean): void {
    // A call from before the opening says nothing about now.
    if (this.#openedMs !== undefined && !isProbe) return;
    this.#failures = 0;
    this.#openedMs = undefined;
  }

  #fail(error: unknown, isProbe: boolean): void {
    if (isAbort(error) || this.#options.isFailure?.(error) === false) return;
    if (this.#openedMs !== undefined && !isProbe) return;
    this.#failures++;
    if (isProbe || this.#failures >= (this.#options.failureThreshold ?? 5)) this.#openedMs = this.#options.clock.monotonicMs();
  }

  #remainingMs(openedMs: number): number {
    return openedMs + (this.#options.resetMs ?? 10_000) - this.#options.clock.monotonicMs();
  }
}
