// Several streams as one.
import { Signal } from "./signal.ts";

/** Options of {@link merge}. */
export interface MergeOptions {
  /** Items of each source that may wait for the consumer. @defaultValue 1 */
  readonly maxBufferedItems?: number;
}

interface Lane<T> {
  readonly iterator: AsyncIterator<T>;
  readonly buffer: T[];
  isPulling: boolean;
  isDone: boolean;
}

/**
 * Yields the items of all sources as they come: each source's in its own order, and no source starves another.
 *
 * Nothing is pulled before the first pull of the consumer, and at most `maxBufferedItems` of each source wait. The first failure is
 * thrown after what had arrived before it; then, as after an early end, all sources are closed.
 */
export async function* merge<T>(sources: readonly AsyncIterable<T>[], options: MergeOptions = {}): AsyncGenerator<T, void, undefined> {
  const { maxBufferedItems = 1 } = options;
  const signal = new Signal();
  const lanes: Lane<T>[] = sources.map((source) => ({ iterator: source[Symbol.asyncIterator](), buffer: [], isPulling: false, isDone: false }));
  const failures: unknown[] = [];

  const pull = async (lane: Lane<T>): Promise<void> => {
    if (lane.isPulling || lane.isDone || lane.buffer.length >= maxBufferedItems || failures.length > 0) return;
    lane.isPulling = true;
    try {
      const { done, value } = await lane.iterator.next();
      if (done === true) lane.isDone = true;
      else lane.buffer.push(value);
    } catch (thrown) {
      lane.isDone = true;
      failures.push(thrown);
    }
    lane.isPulling = false;
    signal.raise();
    void pull(lane);
  };

  try {
    for (;;) {
      for (const lane of lanes) void pull(lane);
      const ready = lanes.filter((lane) => lane.buffer.length > 0);
      for (const lane of ready) {
        yield lane.buffer.shift() as T;
        void pull(lane);
      }
      if (ready.length > 0) continue;
      if (failures.length > 0) throw failures[0];
      if (lanes.every((lane) => lane.isDone)) return;
      await signal.wait();
    }
  } finally {
    await closeAll(lanes);
  }
}

async function closeAll<T>(lanes: readonly Lane<T>[]): Promise<void> {
  const open = lanes.filter((lane) => !lane.isDone);
  for (const lane of lanes) lane.isDone = true;
  // A source that hangs in `next` answers `return` only after it: such a one is told, but not waited for.
  await Promise.allSettled(open.map(async (lane) => {
    const closing = lane.iterator.return?.();
    if (!lane.isPulling) await closing;
  }));
}
