// Asynchronous work on many items at once, with the results in the order of the items.
import { abortable, throwIfAborted } from "./abort.ts";

/** Options of {@link mapOrdered}. */
export interface MapOrderedOptions {
  /** Calls that may run at once; also the bound of results that wait for their turn. */
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/**
 * Calls `map` on each item, several at once, and yields the results in the order of the items, each as soon as it is there.
 *
 * Pulls no more items than `concurrency` ahead of the consumer, and nothing before it is pulled from itself. A failure, also of the
 * source, surfaces in its turn, after the results before it. Ending early closes the source; calls that run are not waited for.
 * @throws {@link StreamFlowError} SF_ABORTED when the signal is aborted.
 */
export async function* mapOrdered<In, Out>(
  source: AsyncIterable<In> | Iterable<In>,
  map: (item: In) => Promise<Out> | Out,
  { concurrency, signal }: MapOrderedOptions,
): AsyncGenerator<Out, void, undefined> {
  const items = iteratorOf(source);
  const running: Promise<Out>[] = [];
  let pulling: Promise<void> | undefined;
  let isDone = false;

  const pull = async (): Promise<void> => {
    const result = await items.next().catch((thrown: unknown) => {
      isDone = true;
      return { done: false as const, failure: thrown };
    });
    pulling = undefined;
    if (result.done === true) isDone = true;
    else running.push(quiet("failure" in result ? Promise.reject(result.failure) : (async () => map(result.value))()));
  };

  try {
    for (;;) {
      throwIfAborted(signal);
      if (!isDone && running.length < concurrency) pulling ??= pull();
      const head = running[0];
      if (head === undefined && pulling === undefined) return;
      const isHeadReady = await abortable(firstOf(head, pulling), signal);
      if (!isHeadReady || head === undefined) continue;
      void running.shift();
      yield await head;
    }
  } finally {
    const closing = isDone ? undefined : items.return?.();
    // A source that hangs in `next` answers `return` only after it: such a one is told, but not waited for.
    if (pulling === undefined) await closing;
    else closing?.catch(() => undefined);
  }
}

/** Whether the head settled before the pull did. */
function firstOf(head: Promise<unknown> | undefined, pulling: Promise<void> | undefined): Promise<boolean> {
  const settled = head?.then(() => true, () => true);
  const pulled = pulling?.then(() => false);
  return Promise.race([settled, pulled].filter((one) => one !== undefined));
}

/** A failure is seen in its turn; until then it must not count as unhandled. */
function quiet<T>(result: Promise<T>): Promise<T> {
  result.catch(() => undefined);
  return result;
}

function iteratorOf<T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return (async function* () {
    yield* source;
  })();
}
