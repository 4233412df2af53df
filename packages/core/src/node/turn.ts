// A full turn of the event loop.

/** Resolves after every promise callback that can run now has run, and pending I/O had its chance. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
