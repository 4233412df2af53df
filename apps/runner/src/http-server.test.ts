import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { ManualClock, recordingLogger } from "@streamflow/core/testing";
import { ask as askAt, type AskOptions, targetOf } from "../test/ask.ts";
import { serve, type HttpServer, type Route } from "./http-server.ts";

const routes: readonly Route[] = [
  { method: "GET", path: "/things/*", answer: ([, name]) => ({ status: 200, body: { name } }) },
  { method: "POST", path: "/things/*", answer: () => ({ status: 202, body: {} }) },
  { method: "GET", path: "/text", answer: () => ({ status: 200, body: "plain", contentType: "text/plain" }) },
  { method: "GET", path: "/bug", answer: () => Promise.reject(new TypeError("not a function")) },
  { method: "GET", path: "/held", answer: () => Promise.reject(new StreamFlowError("SF_LEASE_HELD", "another has it")) },
];

let folder: string;
let server: HttpServer;
let logger: ReturnType<typeof recordingLogger>;
beforeEach(async () => {
  logger = recordingLogger();
  folder = mkdtempSync(join(tmpdir(), "streamflow-http-"));
  server = await serveAt(join(folder, "s.sock"));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function serveAt(address: string, port = 0): Promise<HttpServer> {
  return serve({ address, port, routes, logger, clock: systemClock() });
}

async function ask(path: string, options?: AskOptions): Promise<readonly [number, unknown]> {
  const { status, text, body } = await askAt(server.url, path, options);
  return [status, text.startsWith("{") ? body : text];
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
      const broken = httpRequest({ ...targetOf(server.url), path: "/things/a", method: "POST", headers: { "content-length": "1000" } });
      broken.on("error", () => resolve());
      broken.write("x");
      setTimeout(() => broken.destroy(new Error("gone")), 20);
    });
    expect(await ask("/text")).toEqual([200, "plain"]);
  });

  it("says when the address cannot be listened on", async () => {
    const taken = expect.objectContaining({ code: "SF_CONFIG_INVALID", message: expect.stringContaining("EADDRINUSE") as string }) as Error;
    await using stack = new AsyncDisposableStack();
    const tcp = await serveAt("127.0.0.1");
    stack.defer(() => tcp.close());
    expect(tcp.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expect(serveAt("127.0.0.1", Number(new URL(tcp.url).port))).rejects.toThrow(taken);
    await expect(serveAt(join(folder, "s.sock"))).rejects.toThrow(taken);
    writeFileSync(join(folder, "notes"), "not a socket");
    await expect(serveAt(join(folder, "notes"))).rejects.toThrow(taken);
    expect(await ask("/text")).toEqual([200, "plain"]);
  });

  it("takes over the socket of a process that was killed", async () => {
    const path = join(folder, "left.sock");
    const script = `require("node:http").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(spawnSync(process.execPath, ["-e", script]).signal).toBe("SIGKILL");
    expect(existsSync(path)).toBe(true);
    const next = await serveAt(path);
    expect((await askAt(next.url, "/text")).text).toBe("plain");
    await next.close();
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
    const own = await serve({ address: join(folder, "own.sock"), port: 0, routes: [slow], logger, clock });
    stack.defer(() => own.close());
    const answer = askAt(own.url, "/slow");
    await arrived;
    clock.advance(10_000);
    expect((await answer).status).toBe(503);
  });
});
