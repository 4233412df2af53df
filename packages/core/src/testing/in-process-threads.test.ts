import { describe, expect, it } from "vitest";
import { programBeside } from "../contracts/thread-program.ts";
import { nextTurn } from "../node/turn.ts";
import { registerConformance } from "./conformance/case.ts";
import { threadsConformance } from "./conformance/threads.ts";
import { InProcessThreads } from "./in-process-threads.ts";
import { VirtualDisk } from "./virtual-disk.ts";

describe("threads of a test", () => {
  registerConformance(it, threadsConformance({ create: () => new InProcessThreads({ disk: new VirtualDisk({ folders: ["/"] }) }) }));

  it("count what was started and what runs", async () => {
    const failures: unknown[] = [];
    const threads = new InProcessThreads({
      disk: new VirtualDisk(),
      onMessage: (message) => {
        if (message === "fail") throw new RangeError("as told");
      },
    });
    const program = programBeside("conformance/thread-program", import.meta.url);
    await threads.prepare(program);
    const [one, two] = [1, 2].map(() => threads.start(program, { message: () => undefined, failed: (error) => failures.push(error) }));
    expect([threads.started, threads.running]).toEqual([2, 2]);
    one?.post("fail");
    for (let turn = 0; turn < 1_000 && failures.length === 0; turn++) await nextTurn();
    expect([threads.started, threads.running, String(failures[0])]).toEqual([2, 1, "RangeError: as told"]);
    await two?.close();
    expect(threads.running).toBe(0);
  });
});
