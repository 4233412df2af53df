import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askRunner } from "./runner-client.ts";

let server: Server | undefined;
afterEach(() => void server?.close());

/** A server that gives one answer, and notes what it was asked. */
async function answering(status: number, body: string): Promise<{ readonly address: string; readonly asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${String(request.headers.origin)}`);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe("askRunner", () => {
  it("answers what the runner answers", async () => {
    const { address, asked } = await answering(201, '{"name":"s"}');
    expect(await askRunner(address, "/pipelines/a%20b/savepoints")).toEqual({ name: "s" });
    expect(asked).toEqual(["POST /pipelines/a%20b/savepoints undefined"]);
  });

  it("fails with the runner's own error", async () => {
    const { address } = await answering(409, '{"error":{"code":"SF_LIFECYCLE_ILLEGAL","message":"it is stopped","hint":"start it"}}');
    await expect(askRunner(address, "/")).rejects.toMatchObject({ code: "SF_LIFECYCLE_ILLEGAL", message: "it is stopped", hint: "start it" });
  });

  it("tells what is no runner, and no address", async () => {
    const { address } = await answering(200, "<html>");
    await expect(askRunner(address, "/")).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining("no runner") as string });
    for (const wrong of ["", "127.0.0.1:80", "https://x", "unix:/nowhere/at.sock", "http://127.0.0.1:1"]) await expect(askRunner(wrong, "/"), wrong).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });
});
