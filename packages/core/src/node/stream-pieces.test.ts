import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { streamPieces } from "./stream-pieces.ts";
import { nextTurn } from "./turn.ts";

const iterate = (stream: PassThrough): AsyncIterator<Uint8Array> => streamPieces(stream)[Symbol.asyncIterator]();
const textOf = ({ value }: IteratorResult<Uint8Array>): string => String(value);

describe("pieces of a stream", () => {
  it("what arrived since the last piece was taken is one piece; the end comes behind it", async () => {
    const stream = new PassThrough();
    const pieces = iterate(stream);
    const first = pieces.next();
    stream.write("a");
    expect(textOf(await first)).toBe("a");
    for (const text of ["b", "c"]) stream.write(text);
    stream.end("d");
    await nextTurn();
    expect(textOf(await pieces.next())).toBe("bcd");
    expect([await pieces.next(), await pieces.next()]).toEqual([{ done: true, value: undefined }, { done: true, value: undefined }]);
  });

  it("nothing is read before the first piece is asked for; a stream that is read slowly is paused, and loses nothing", async () => {
    const stream = new PassThrough();
    const pieces = iterate(stream);
    expect(stream.readableFlowing).toBe(null);
    const text = "x".repeat(40_000);
    for (let i = 0; i < 10; i++) stream.write(text);
    stream.end();
    let read = textOf(await pieces.next());
    await nextTurn();
    expect(stream.isPaused()).toBe(true);
    for (let piece = await pieces.next(); piece.done !== true; piece = await pieces.next()) read += textOf(piece);
    expect(read === text.repeat(10)).toBe(true);
  });

  it("what came before a failure is handed on before it", async () => {
    const stream = new PassThrough();
    const pieces = iterate(stream);
    const first = pieces.next();
    stream.write("a");
    await first;
    stream.write("b");
    await nextTurn();
    stream.destroy(new Error("broken"));
    await nextTurn();
    expect(textOf(await pieces.next())).toBe("b");
    await expect(pieces.next()).rejects.toThrow("broken");
    await expect(iterate(stream).next()).rejects.toThrow("broken");
  });

  it("a stream that was closed before its end is a failure; one that had ended is at its end", async () => {
    const closed = new PassThrough();
    const waiting = iterate(closed).next();
    closed.destroy();
    await expect(waiting).rejects.toMatchObject({ code: "SF_SOURCE_FAILED" });
    const ended = new PassThrough();
    ended.end();
    ended.resume();
    await nextTurn();
    expect(await iterate(ended).next()).toEqual({ done: true, value: undefined });
  });

  it("return lets go of the stream, and ends who waits", async () => {
    const stream = new PassThrough();
    const pieces = iterate(stream);
    const waiting = pieces.next();
    await pieces.return?.();
    expect([await waiting, stream.destroyed]).toEqual([{ done: true, value: undefined }, true]);
  });
});
