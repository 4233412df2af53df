import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { ManualClock, recordingLogger } from "@streamflow/core/testing";
import { serve, type HttpServer, type Route } from "./http-server.ts";

const routes: readonly Route[] = [
  { method: "GET", path: "/things/*", answer: ([, name]) => ({ status: 200, body: { name } }) },
  { method: "POST", path: "/things/*", answer: () => ({ status: 202, body: {} }) },
  { method: "GET", path: "/text", answer: () => ({ status: 200, body: "plain", contentType: "text/plain" }) },
  { method: "GET", path: "/bug", answer: () => Promise.reject(new TypeError("not a function")) },
  { method: "GET", path: "/held", answer: () => Promise.reject(new StreamFlowError("SF_LEASE_HELD", "another has it")) },
];

let server: HttpServer;
let logger: ReturnType<typeof recordingLogger>;
beforeEach(async () => {
  logger = recordingLogger();
  server = await serve({ address: "127.0.0.1", port: 0, routes, logger, clock: systemClock() });
});
afterEach(() => server.close());

async function ask(path: string, init?: RequestInit): Promise<readonly [number, unknown]> {
  const response = await fetch(`${server.url}${path}`, init);
  return [response.status, response.headers.get("content-type") === "application/json" ? await response.json() : await response.text()];
}

const error = (code: string): unknown => ({ error: expect.objectContaining({ code }) as unknown });

describe("serve", () => {
  it("answers JSON and text, with decoded segments", async () => {
    expect(await ask("/things/a%2Fb?x=1")).toEqual([200, { name: "a/b" }]);
    expect(await ask("/text")).toEqual([200, "plain"]);
    expect(await ask("/things/a", { method: "POST", body: "ignored" })).toEqual([202, {}]);
  });

  it("refuses with a code what it does not take", async () => {
    expect(await ask("/nothing")).toEqual([404, error("SF_REQUEST_INVALID")]);
    expect(await ask("/things")).toEqual([404, error("SF_REQUEST_INVALID")]);
    expect(await ask("/things/a", { method: "DELETE" })).toEqual([405, { error: { code: "SF_REQUEST_INVALID", message: "DELETE is not taken here; GET, POST is" } }]);
    expect(await ask("/things/%ff")).toEqual([400, error("SF_REQUEST_INVALID")]);
    expect(await ask(`/things/${"a".repeat(3_000)}`)).toEqual([414, error("SF_REQUEST_INVALID")]);
    expect(await ask("/things/a", { method: "POST", body: "x".repeat(70_000) })).toEqual([413, error("SF_REQUEST_INVALID")]);
  });

  it("takes no command from a web page", async () => {
    expect(await ask("/things/a", { method: "POST", headers: { origin: "https://example.org" } })).toEqual([403, error("SF_REQUEST_INVALID")]);
  });

  it("gives errors their status; a bug is logged, and no stack is shown", async () => {
    expect(await ask("/held")).toEqual([409, { error: { code: "SF_LEASE_HELD", message: "another has it", hint: expect.any(String) as string } }]);
    const [status, body] = await ask("/bug");
    expect([status, body]).toEqual([500, error("SF_INTERNAL")]);
    expect(JSON.stringify(body)).not.toContain("at ");
    expect(logger.lines.some((line) => line.level === "error" && line.message === "a request failed")).toBe(true);
  });

  it("goes on after a client that broke off", async () => {
    await new Promise<void>((resolve) => {
      const broken = httpRequest(`${server.url}/things/a`, { method: "POST", headers: { "content-length": "1000" } });
      broken.on("error", () => resolve());
      broken.write("x");
      setTimeout(() => broken.destroy(new Error("gone")), 20);
    });
    expect(await ask("/text")).toEqual([200, "plain"]);
  });

  it("says when the address cannot be listened on", async () => {
    const again = serve({ address: "127.0.0.1", port: server.port, routes, logger, clock: systemClock() });
    await expect(again).rejects.toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID", message: expect.stringContaining("EADDRINUSE") as string }));
  });

  it("ends a request that has no answer in time", async () => {
    const clock = new ManualClock();
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const slow: Route = {
      method: "GET",
      path: "/slow",
      answer: () => {
        asked();
        return new Promise(() => undefined);
      },
    };
    await using stack = new AsyncDisposableStack();
    const own = await serve({ address: "127.0.0.1", port: 0, routes: [slow], logger, clock });
    stack.defer(() => own.close());
    const answer = fetch(`${own.url}/slow`);
    await arrived;
    clock.advance(10_000);
    expect((await answer).status).toBe(503);
  });
});
