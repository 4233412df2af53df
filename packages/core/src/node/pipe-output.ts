// Bytes into the pipe that is a process's standard output, without a stream's turns and objects for each piece.
//   O1. Order is kept: while the stream holds anything, everything goes through the stream.
//   O2. The event loop never waits: a pipe without room takes what it can, and the stream writes the rest when there is room again.
import { writeSync } from "node:fs";
import type { Writable } from "node:stream";
import type { OutputStream } from "../contracts/environment.ts";

/** The standard output of this process: a pipe is written to at once where it has room, anything else as Node does. */
export function standardOutput(): OutputStream {
  const { stdout } = process;
  // Not imported: most programs write elsewhere.
  const { Socket } = process.getBuiltinModule("node:net");
  // Node opens a pipe so that writing to it does not block; not so on Windows, and not a terminal.
  const isPipe = stdout instanceof Socket && !stdout.isTTY && process.platform !== "win32";
  return isPipe ? pipeOutput(stdout, stdout.fd) : stdout;
}

/** Writes to `fd`, which does not block, past the stream that owns it. */
export function pipeOutput(stream: Writable, fd: number): OutputStream {
  return {
    write(bytes, done) {
      const written = stream.writableLength === 0 && stream.writable ? writeNow(fd, bytes) : 0;
      if (written < bytes.length) return stream.write(written === 0 ? bytes : bytes.subarray(written), done);
      done(null);
      return true;
    },
  };
}

/** Answers how many bytes there was room for. What is wrong with the pipe, the stream finds out and tells. */
function writeNow(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
