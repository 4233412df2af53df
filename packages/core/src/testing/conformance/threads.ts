// The clauses of threads as checks.
import assert from "node:assert/strict";
import type { Thread, Threads } from "../../contracts/environment.ts";
import { programBeside } from "../../contracts/thread-program.ts";
import { nextTurn } from "../../node/turn.ts";
import { type ConformanceCase, SuiteBuilder } from "./case.ts";
import { range } from "./store-trial.ts";

/** What the suite needs. */
export interface ThreadsHarness {
  create(): Threads;
}

/** A thread, and what was heard of it. */
class Trial {
  readonly heard: unknown[] = [];
  readonly failures: unknown[] = [];
  readonly thread: Thread;

  constructor(threads: Threads, program: URL = programBeside("thread-program", import.meta.url)) {
    this.thread = threads.start(program, { message: (message) => this.heard.push(message), failed: (error) => this.failures.push(error) });
  }

  /** Waits until something holds; the runner bounds it. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await nextTurn();
  }
}

/** Checks THR-1 to THR-5. */
export function threadsConformance(harness: ThreadsHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => {
    const open: Trial[] = [];
    const threads = harness.create();
    const start = (program?: URL): Trial => {
      const trial = new Trial(threads, program);
      open.push(trial);
      return trial;
    };
    return { start, end: async () => void (await Promise.all(open.map(({ thread }) => thread.close()))) };
  });

  suite.add(["THR-1", "a program runs, with the disk"], async ({ start }) => {
    const trial = start();
    trial.thread.post({ stat: "/" });
    await trial.until(() => trial.heard.length === 1);
    assert.deepEqual(trial.heard, [{ kind: "folder" }]);
  });

  suite.add(["THR-2", "messages arrive in order, once, and not at once"], async ({ start }) => {
    const trial = start();
    for (const n of range(50)) trial.thread.post({ echo: n });
    assert.deepEqual(trial.heard, []);
    await trial.until(() => trial.heard.length >= 50);
    for (const n of range(50)) trial.thread.post({ echo: 50 + n });
    await trial.until(() => trial.heard.length >= 100);
    await nextTurn();
    assert.deepEqual(trial.heard, range(100));
  });

  suite.add(["THR-3", "values are copied, shared memory is shared"], async ({ start }) => {
    const trial = start();
    const value = { list: [1, -0, 2n], map: new Map([["a", new Uint8Array([1])]]), text: "\ud800 é" };
    trial.thread.post({ echo: value });
    const cells = new Int32Array(new SharedArrayBuffer(4));
    trial.thread.post({ add: cells });
    await trial.until(() => trial.heard.length === 2);
    assert.deepEqual(trial.heard[0], value);
    assert.notEqual(trial.heard[0], value);
    assert.equal(cells[0], 1);
  });

  suite.add(["THR-4", "a program that throws is told, once, and harms no other"], async ({ start }) => {
    const [trial, other] = [start(), start()];
    trial.thread.post({ throw: "enough" });
    await trial.until(() => trial.failures.length > 0);
    trial.thread.post({ echo: 1 });
    other.thread.post({ echo: 2 });
    await other.until(() => other.heard.length === 1);
    assert.equal(trial.failures.length, 1);
    assert.match(String((trial.failures[0] as Error).message), /enough/);
    assert.deepEqual([trial.heard, other.heard, other.failures], [[], [2], []]);
  });

  suite.add(["THR-4", "a program that cannot be loaded is told"], async ({ start }) => {
    const trial = start(programBeside("no-such-program", import.meta.url));
    await trial.until(() => trial.failures.length > 0);
    assert.equal(trial.failures.length, 1);
  });

  suite.add(["THR-5", "nothing is heard after close, which may come at any time and twice"], async ({ start }) => {
    const trial = start();
    trial.thread.post({ echo: 1 });
    await trial.until(() => trial.heard.length === 1);
    for (const n of range(20)) trial.thread.post({ echo: n });
    await Promise.all([trial.thread.close(), trial.thread.close()]);
    const heard = trial.heard.length;
    trial.thread.post({ echo: "late" });
    for (const _ of range(5)) await nextTurn();
    assert.deepEqual([trial.heard.length, trial.failures], [heard, []]);
    await start().thread.close();
  });

  return suite.cases;
}
