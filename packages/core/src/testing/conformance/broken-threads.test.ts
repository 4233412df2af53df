// Proves that the cases of threads can fail: each fake here breaks one promise, and the case of that promise must notice.
import { expect, it } from "vitest";
import type { Thread, ThreadEvents, Threads } from "../../contracts/environment.ts";
import { InProcessThreads } from "../in-process-threads.ts";
import { VirtualDisk } from "../virtual-disk.ts";
import { failing } from "./failing.fixture.ts";
import { threadsConformance } from "./threads.ts";

type Break = (good: Threads, events: ThreadEvents, program: URL) => Thread;

const broken: readonly (readonly [id: string, what: string, start: Break])[] = [
  ["THR-1", "the disk is another", (good, events, program) => good.start(program, { ...events, message: () => events.message({ kind: "file" }) })],
  ["THR-2", "messages come twice", (good, events, program) => good.start(program, {
    ...events,
    message: (message) => {
      events.message(message);
      events.message(message);
    },
  })],
  ["THR-2", "messages come in pairs, the later first", (good, events, program) => {
    let before: { readonly message: unknown } | undefined;
    return good.start(program, {
      ...events,
      message: (message) => {
        if (before === undefined) before = { message };
        else {
          events.message(message);
          events.message(before.message);
          before = undefined;
        }
      },
    });
  }],
  ["THR-3", "values come as text", (good, events, program) => good.start(program, { ...events, message: (message) => events.message(typeof message === "object" ? String(message) : message) })],
  ["THR-4", "failures are told twice", (good, events, program) => good.start(program, {
    ...events,
    failed: (error) => {
      events.failed(error);
      events.failed(error);
    },
  })],
  ["THR-5", "what is under way arrives after close", (good, events, program) => {
    const thread = good.start(program, events);
    return { post: (message) => (message !== null && typeof message === "object" && "echo" in message && message.echo === "late" ? events.message("late") : thread.post(message)), close: () => thread.close() };
  }],
];

it.each(broken)("%s: %s", async (id, _what, start) => {
  const good = new InProcessThreads({ disk: new VirtualDisk({ folders: ["/"] }) });
  const cases = threadsConformance({ create: () => ({ start: (program, events) => start(good, events, program) }) });
  expect(await failing(cases, id)).toContain(id);
});
