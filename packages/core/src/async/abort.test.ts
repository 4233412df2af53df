import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { abortable, abortError, childController, isAbort, onAbort, throwIfAborted } from "./abort.ts";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("abort", () => {
  it("an aborted signal throws SF_ABORTED with its reason as the cause", () => {
    const controller = new AbortController();
    throwIfAborted(controller.signal);
    throwIfAborted(undefined);
    const reason = new Error("why");
    controller.abort(reason);
    expect(() => throwIfAborted(controller.signal, "the copy")).toThrow(expect.objectContaining({ code: "SF_ABORTED", message: "the copy was cancelled", cause: reason, retryable: false }));
  });

  it("a reason that is SF_ABORTED itself is not wrapped again", () => {
    const reason = new StreamFlowError("SF_ABORTED", "stopped by its user");
    expect(abortError(AbortSignal.abort(reason))).toBe(reason);
  });

  it("knows aborts from failures", () => {
    const platform = new DOMException("x", "AbortError");
    expect([isAbort(platform), isAbort(new StreamFlowError("SF_ABORTED", "x")), isAbort(new StreamFlowError("SF_TIMEOUT", "x")), isAbort("AbortError")]).toEqual([true, true, false, false]);
  });

  it("onAbort calls once, at once where it is too late, and can be taken back", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => calls.push("a"));
    onAbort(controller.signal, () => calls.push("b"))();
    controller.abort();
    onAbort(controller.signal, () => calls.push("late"));
    expect(calls).toEqual(["a", "late"]);
  });

  it("abortable ends at the abort, passes results and failures on, and leaves no listener behind", async () => {
    const plain = new AbortController();
    expect(await abortable(Promise.resolve(1), plain.signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error("no")), plain.signal)).rejects.toThrow("no");
    expect(listeners(plain.signal)).toBe(0);
    const waiting = abortable(new Promise(() => undefined), plain.signal, "the wait");
    plain.abort();
    await expect(waiting).rejects.toMatchObject({ code: "SF_ABORTED", message: "the wait was cancelled" });
    expect(await abortable(Promise.resolve(2), undefined)).toBe(2);
  });

  it("a child is aborted with its parent, with its reason, until it is unlinked", () => {
    const parent = new AbortController();
    const [a, b] = [childController(parent.signal), childController(parent.signal)];
    b.unlink();
    parent.abort("why");
    expect([a.controller.signal.aborted, a.controller.signal.reason, b.controller.signal.aborted]).toEqual([true, "why", false]);
    expect(childController(parent.signal).controller.signal.aborted).toBe(true);
  });
});
