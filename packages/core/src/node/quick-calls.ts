// Who does the next read or write of a file: the calling thread while they are quick, as they are where the system has the content in memory; else another thread.
//
// A thread that copies for another one fills memory that the other's core holds: the copy takes three times as long (measured on two cores: 2.5 GB in 0.69 CPU-s, and
// in 0.20), and waking both costs as much as a small read. A read that waits for a device would keep the whole process waiting; so two slow ones in a row send the next ones
// away; one alone may have been the turn of another program.

/** A call is quick that takes no longer than this, and the time of copying at `leastBytesPerMs`. */
const mostMs = 0.5;
const leastBytesPerMs = 1 << 20;
const firstPause = 16;
const longestPause = 1_024;

/** Decides for the reads of one file, or for its writes. */
export class QuickCalls {
  /** Calls that others do before the next one is tried here. */
  #away = 0;
  #pause = firstPause;
  #wasSlow = false;

  /** Whether the calling thread does the next one. */
  get areHere(): boolean {
    return this.#away === 0;
  }

  /** Tells that another thread did one. */
  wentAway(): void {
    if (this.#away > 0) this.#away--;
  }

  /** Tells how long the calling thread took for one. */
  took(ms: number, bytes: number): void {
    const isSlow = ms > mostMs + bytes / leastBytesPerMs;
    const sendsAway = isSlow && this.#wasSlow;
    this.#wasSlow = isSlow && !sendsAway;
    if (sendsAway) {
      this.#away = this.#pause;
      this.#pause = Math.min(longestPause, this.#pause * 2);
    } else if (!isSlow) this.#pause = firstPause;
  }
}
