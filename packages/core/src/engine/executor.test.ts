import { describe, expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { SinkTarget } from "../testing/sink-target.ts";
import { testRecords } from "../testing/test-item.ts";
import { TestSource } from "../testing/test-source.ts";
import { broken, committing, failing, world } from "./executor.fixture.ts";

describe("a replay", () => {
  it("stops among inputs that were rejected, and loses nothing behind them", async () => {
    const { start, clock } = world();
    const [ahead, behind] = [new SinkTarget(), new SinkTarget()];
    const source = new TestSource({ "0": [...testRecords([1]), { reject: "first" }] }, { bounded: false });
    let hasFailed = false;
    // The first sink has committed up to the rejected input when the second one fails. Read again, its batch reaches further.
    const late = committing(behind, () => {
      if (hasFailed) return;
      hasFailed = true;
      source.append("0", { reject: "second" }, ...testRecords([2, 3]));
      throw broken();
    });
    const { run, end } = start(new Pipeline({ name: "replay", checkpoint: { everyMs: 100 } }).from(source).to(committing(ahead, () => undefined)).to(late));
    await clock.advanceAsync(5_000);
    expect([run.restarts, ahead.values, behind.values]).toEqual([1, [1, 2, 3], [1, 2, 3]]);
    run.stop();
    await end;
  });

  it("SF_SOURCE_POSITION: of input that has become shorter than what a sink has of it is no good end", async () => {
    const { start, clock } = world();
    const [ahead, behind] = [new SinkTarget(), new SinkTarget()];
    const run = (records: readonly number[], onCommit: () => void): Promise<unknown> => {
      const source = new TestSource({ "0": testRecords(records) });
      return start(new Pipeline({ name: "shorter", restart: { maxRestarts: 0 } }).from(source).to(committing(ahead, () => undefined)).to(committing(behind, onCommit))).end;
    };
    const first = run([1, 2, 3], failing(1));
    await clock.advanceAsync(5_000);
    const second = run([1], () => undefined);
    await clock.advanceAsync(5_000);
    expect([await first, await second]).toEqual(["SF_RESTART_EXHAUSTED", "SF_SOURCE_POSITION"]);
  });
});
