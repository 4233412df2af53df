import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";

const down = new Error("down");
const fail = () => Promise.reject(down);
const answer = async () => "up";

function setup() {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock, what: 'sink "orders"', failureThreshold: 3, resetMs: 1000 });
  const failTimes = async (times: number) => {
    for (let i = 0; i < times; i++) await expect(breaker.run(fail)).rejects.toBe(down);
  };
  return { clock, breaker, failTimes };
}

describe("circuit breaker", () => {
  it("CB1: opens after so many failures in a row, not fewer", async () => {
    const { breaker, failTimes } = setup();
    await failTimes(2);
    expect(await breaker.run(answer)).toBe("up");
    await failTimes(2);
    expect(breaker.state).toBe("closed");
    await failTimes(1);
    expect(breaker.state).toBe("open");
  });

  it("CB2: fails at once while it is open, without a call", async () => {
    const { clock, breaker, failTimes } = setup();
    await failTimes(3);
    clock.advance(400);
    let calls = 0;
    const work = breaker.run(async () => void calls++);
    await expect(work).rejects.toMatchObject({ code: "SF_CIRCUIT_OPEN", retryable: true, message: 'sink "orders" failed 3 times in a row and is left alone for another 600 ms' });
    expect(calls).toBe(0);
  });

  it("CB3: lets one probe through; its success closes it", async () => {
    const { clock, breaker, failTimes } = setup();
    await failTimes(3);
    clock.advance(1000);
    expect(breaker.state).toBe("half-open");
    const probe = Promise.withResolvers<string>();
    const probing = breaker.run(() => probe.promise);
    await expect(breaker.run(answer)).rejects.toMatchObject({ code: "SF_CIRCUIT_OPEN" });
    probe.resolve("up");
    expect(await probing).toBe("up");
    expect(breaker.state).toBe("closed");
    await failTimes(2);
    expect(breaker.state).toBe("closed");
  });

  it("CB3: a failed probe opens it again for the whole time", async () => {
    const { clock, breaker, failTimes } = setup();
    await failTimes(3);
    clock.advance(1000);
    await failTimes(1);
    clock.advance(999);
    expect(breaker.state).toBe("open");
    clock.advance(1);
    expect(await breaker.run(answer)).toBe("up");
  });

  it("CB4: aborts count neither way, and an aborted probe makes room for the next", async () => {
    const { clock, breaker, failTimes } = setup();
    const abort = new StreamFlowError("SF_ABORTED", "stop");
    await failTimes(2);
    await expect(breaker.run(() => Promise.reject(abort))).rejects.toBe(abort);
    expect(breaker.state).toBe("closed");
    await failTimes(1);
    clock.advance(1000);
    await expect(breaker.run(() => Promise.reject(abort))).rejects.toBe(abort);
    expect(breaker.state).toBe("half-open");
    expect(await breaker.run(answer)).toBe("up");
  });

  it("what is no failure of the service does not count", async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ clock, what: "it", failureThreshold: 1, isFailure: (error) => error !== down });
    await expect(breaker.run(fail)).rejects.toBe(down);
    expect(breaker.state).toBe("closed");
  });

  it("a call that began before the opening decides nothing after it", async () => {
    const { breaker, failTimes } = setup();
    const late = Promise.withResolvers<string>();
    const calling = breaker.run(() => late.promise);
    await failTimes(3);
    late.resolve("up");
    await calling;
    expect(breaker.state).toBe("open");
  });
});
