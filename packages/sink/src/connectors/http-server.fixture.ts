// A real web service on 127.0.0.1 that remembers keys, and can be slow, half open, overloaded, or lose its answers.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it came. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly key: string;
}

/** An answer, or what becomes of a request in its place. */
export type Reply = { readonly status: number; readonly text?: string; readonly headers?: Record<string, string>; /** The work is done although the answer says otherwise. */ readonly applies?: boolean } | "silence" | "hang up" | "apply, hang up" | "half an answer";

/** Applies each key once, and answers 200, unless `reply` says otherwise. */
export class KeyedServer {
  readonly arrived: Arrived[] = [];
  readonly applied: Arrived[] = [];
  readonly sockets = new Set<Socket>();
  /** Undefined: applied, 200. */
  reply: (request: Arrived) => Reply | undefined | Promise<Reply | undefined> = () => undefined;
  /** Whether it knows keys. */
  remembers = true;
  readonly #known = new Set<string>();
  readonly #server: Server;
  connections = 0;
  inFlight = 0;
  mostInFlight = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const key = String(request.headers["idempotency-key"] ?? "");
        void this.#answer({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, text: Buffer.concat(pieces).toString(), key }, response);
      });
    });
    this.#server.on("connection", (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<KeyedServer> {
    const server = new KeyedServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Numbers in the bodies of what was applied: of values, and of lists of them. */
  get numbers(): readonly number[] {
    return this.applied.flatMap(({ text }) => [JSON.parse(text)].flat() as number[]);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: Arrived, response: ServerResponse): Promise<void> {
    this.arrived.push(request);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    const reply = (await this.reply(request)) ?? { status: 200, applies: true };
    this.inFlight--;
    if (reply === "apply, hang up" || (typeof reply === "object" && reply.applies === true)) this.#apply(request);
    if (reply === "silence") return;
    if (typeof reply === "string") {
      if (reply === "half an answer") response.writeHead(200, { "content-length": "100" }).write("{");
      else response.destroy();
      return;
    }
    response.writeHead(reply.status, reply.headers).end(reply.text ?? "");
  }

  #apply(request: Arrived): void {
    if (this.remembers && this.#known.has(request.key)) return;
    this.#known.add(request.key);
    this.applied.push(request);
  }
}
