import type { OutputStream } from "@streamflow/core";
import { testEnvironment, registerConformance, sinkConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { csvEncoder } from "../encoders/csv.ts";
import { sinkBatch } from "../sink-batch.ts";
import { stdoutSink } from "./stdout.ts";

/** A stream that can be made slow, or broken. */
class Pipe implements OutputStream {
  text = "";
  isStalled = false;
  failure: Error | undefined;
  #waiting: (() => void)[] = [];

  write(bytes: Uint8Array, done: (error?: Error | null) => void): boolean {
    const { failure } = this;
    const finish = (): void => {
      if (failure !== undefined) return done(failure);
      this.text += new TextDecoder().decode(bytes);
      done(null);
    };
    if (!this.isStalled) queueMicrotask(finish);
    else this.#waiting.push(finish);
    return this.#waiting.length < 3;
  }

  release(): void {
    this.isStalled = false;
    for (const finish of this.#waiting.splice(0)) finish();
  }
}

describe("conformance", () => {
  registerConformance(it, sinkConformance<Pipe>({
    capabilities: stdoutSink().capabilities,
    create: () => new Pipe(),
    sink: (target) => stdoutSink({ stream: target }),
    value: (n) => ({ n }),
    visible: (target) => target.text.split("\n").filter((line) => line !== "").map((line) => (JSON.parse(line) as { n: number }).n),
    refusedValue: Symbol("no JSON"),
    stall(target) {
      target.isStalled = true;
      return () => target.release();
    },
  }));
});

const context = { environment: testEnvironment().environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal };

it("writes what the encoder says, its opening once", async () => {
  const stream = new Pipe();
  const session = await stdoutSink({ stream, format: csvEncoder({ columns: ["a"] }) }).open(context);
  await session.write(sinkBatch([{ a: 1 }]));
  await session.write(sinkBatch([{ a: 2 }]));
  await session.flush();
  expect(stream.text).toBe("a\r\n1\r\n2\r\n");
});

it("SNK-1: a failure that nobody waited for is thrown by the next flush and write", async () => {
  const stream = new Pipe();
  const session = await stdoutSink({ stream }).open(context);
  stream.failure = new Error("EPIPE");
  await session.write(sinkBatch([1]));
  await expect(session.flush()).rejects.toMatchObject({ code: "SF_SINK_FAILED" });
  expect(() => session.write(sinkBatch([2]))).toThrowError(expect.objectContaining({ code: "SF_SINK_FAILED" }) as Error);
  await session.close();
});

it("writes to the standard output of the environment, and says where there is none", async () => {
  const stdout = new Pipe();
  const session = await stdoutSink().open({ ...context, environment: { ...context.environment, stdout } });
  await session.write(sinkBatch([1]));
  await session.flush();
  expect(stdout.text).toBe("1\n");
  await expect(stdoutSink().open(context)).rejects.toMatchObject({ code: "SF_SINK_FAILED" });
});
