// A web service that does nothing for a key of a request that it has seen: idempotent, through the outbox of a checkpoint.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type ChaosSink, counted } from "./chaos-sink.ts";

export const http: ChaosSink = {
  async sinks(url) {
    const { httpSink } = await import("@streamflow/sink/http");
    const to = (name: string) => httpSink({ url: `${url}/${name}`, delivery: "idempotent", batch: { maxRecords: 20 } });
    return { windows: to("windows"), late: to("late") };
  },
  async open() {
    const bodies = new Map<string, { readonly output: string; readonly rows: readonly unknown[] }>();
    const server = createServer((request, response) => {
      take(request).then(
        (text) => {
          const key = String(request.headers["idempotency-key"]);
          if (!bodies.has(key)) bodies.set(key, { output: request.url ?? "", rows: JSON.parse(text) as readonly unknown[] });
          response.end();
        },
        () => response.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const rows = (output: string): readonly unknown[] => [...bodies.values()].filter((body) => body.output === output).flatMap((body) => body.rows);
    return {
      place: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      read: async () => counted({ windows: rows("/windows"), late: rows("/late") }),
      size: () => bodies.size,
      close: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};

/** The body of a request, whole. @throws where its sender died in the middle */
async function take(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
