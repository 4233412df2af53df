import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { pipeOutput } from "./pipe-output.ts";

const lines = 2_000;
const text = Array.from({ length: lines }, (_, i) => `${String(i).padStart(999, "0")}\n`).join("");

describe("standard output", () => {
  it.skipIf(process.platform === "win32")("a pipe whose reader is slow gets everything in order, and the writer is told to wait", async () => {
    // A shell's pipe: those of child processes are sockets. The reader begins when the writer waits.
    const script = `'${process.execPath}' '${join(import.meta.dirname, "pipe-output.fixture.ts")}' ${lines} | (read -r begin <&3; cat)`;
    const child = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const reader = child.stdio[3] as Writable;
    let [read, told] = ["", ""];
    child.stdio[1]?.on("data", (bytes: Buffer) => (read += bytes.toString()));
    child.stdio[2]?.on("data", (bytes: Buffer) => {
      told += bytes.toString();
      if (told.endsWith("waits\n")) reader.write("begin\n");
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(told).toContain("waits");
    expect(read === text).toBe(true);
  });
});

describe("a pipe beside its stream", () => {
  const inFolder = async (work: (fd: number, path: string) => void): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "pipe-output-"));
    try {
      work(openSync(join(folder, "written"), "w"), join(folder, "written"));
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it("what there is room for is written before write returns, and nothing goes through the stream", () => inFolder((fd, path) => {
    const stream = new PassThrough();
    let isDone = false;
    expect(pipeOutput(stream, fd).write(Buffer.from("a\n"), () => (isDone = true))).toBe(true);
    expect([isDone, readFileSync(path, "utf8"), stream.read()]).toEqual([true, "a\n", null]);
  }));

  it("O1: while the stream holds anything, everything goes through it", () => inFolder((fd, path) => {
    const stream = new PassThrough({ writableHighWaterMark: 1 });
    stream.cork();
    stream.write("first ");
    expect(pipeOutput(stream, fd).write(Buffer.from("second"), () => undefined)).toBe(false);
    stream.uncork();
    expect([readFileSync(path, "utf8"), String(stream.read())]).toEqual(["", "first second"]);
  }));

  it("where the descriptor takes nothing, the stream gets it all", () => {
    const stream = new PassThrough();
    expect(pipeOutput(stream, -1).write(Buffer.from("a"), () => undefined)).toBe(true);
    expect(String(stream.read())).toBe("a");
  });
});
