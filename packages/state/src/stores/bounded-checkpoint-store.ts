// A checkpoint store of which few calls are under way at a time, whatever number of pipelines ask: each call on files holds some open, and a process may open a
// thousand or so. No call waits for another one that has not begun, so none waits for ever.
import type { CheckpointStore } from "@streamflow/core";

/** Does at most so much at once; the rest waits, in order. */
export class AtMost {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // Who waited takes the place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** The same store, with at most so many calls at once. */
export function boundedCheckpointStore(store: CheckpointStore, most: number): CheckpointStore {
  const calls = new AtMost(most);
  return {
    writeSegment: (pipeline, bytes) => calls.run(() => store.writeSegment(pipeline, bytes)),
    readSegment: (pipeline, ref) => calls.run(() => store.readSegment(pipeline, ref)),
    fence: (pipeline, fences) => calls.run(() => store.fence(pipeline, fences)),
    publish: (pipeline, checkpoint) => calls.run(() => store.publish(pipeline, checkpoint)),
    list: (pipeline) => calls.run(() => store.list(pipeline)),
    prune: (pipeline, keep, named) => calls.run(() => store.prune(pipeline, keep, named)),
    discard: (pipeline, segments) => calls.run(async () => store.discard?.(pipeline, segments)),
    drop: (pipeline) => calls.run(async () => store.drop?.(pipeline)),
    rest: (pipeline) => store.rest?.(pipeline),
    pipelines: () => calls.run(() => store.pipelines()),
    close: () => store.close(),
  };
}
