// The calls of one asynchronous node, over all partitions of the process: so many under way at once, the others in the order in which they came (ASY-1).

/** A record on its way through an asynchronous stage. */
export interface Call {
  /** Calls the function. Answers a promise where the answer comes later; else the call is settled. */
  begin(): PromiseLike<unknown> | undefined;
  settle(state: "answered" | "failed", result: unknown): void;
}

/** Places for calls. */
export class CallSlots {
  readonly limit: number;
  /** Records that have come and have not gone on: called, waiting to be called, or waiting for those before them. */
  open = 0;
  #running = 0;
  #waiting: Call[] = [];
  #next = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get hasRoom(): boolean {
    return this.#running < this.limit;
  }

  /** Nothing more should be read for now. */
  get isFull(): boolean {
    return this.open >= this.limit;
  }

  /** Begins the call when there is room. */
  wait(call: Call): void {
    this.#waiting.push(call);
  }

  /** Waits for the answer of a call that has begun, then for those of the calls that waited: one place needs one promise, however many calls pass it. */
  run(call: Call, answer: PromiseLike<unknown>): void {
    this.#running++;
    void this.#work(call, answer);
  }

  /** Begins nothing more. */
  close(): void {
    this.#waiting = [];
    this.#next = 0;
  }

  async #work(first: Call, begun: PromiseLike<unknown>): Promise<void> {
    let call: Call | undefined = first;
    let answer: PromiseLike<unknown> | undefined = begun;
    while (call !== undefined) {
      try {
        call.settle("answered", await answer);
      } catch (thrown) {
        call.settle("failed", thrown);
      }
      do {
        call = this.#take();
        answer = call?.begin();
      } while (call !== undefined && answer === undefined);
    }
    this.#running--;
  }

  #take(): Call | undefined {
    const call = this.#waiting[this.#next];
    if (call === undefined) this.close();
    else this.#next++;
    return call;
  }
}
