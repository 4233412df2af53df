// A request to a server under test, over TCP or a Unix socket.
import { request } from "node:http";

/** What a request may hold besides its path. */
export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back. */
export interface Asked {
  readonly status: number;
  readonly text: string;
  /** The answer, where it is JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Where `node:http` sends a request to a server's URL. */
export function targetOf(url: string): { readonly socketPath: string } | { readonly host: string; readonly port: string } {
  if (url.startsWith("unix:")) return { socketPath: url.slice("unix:".length) };
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}

/** Asks, and reads the whole answer. */
export function ask(url: string, path: string, { method = "GET", headers = {}, body }: AskOptions = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...targetOf(url), path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const isJson = response.headers["content-type"] === "application/json";
        resolve({ status: response.statusCode ?? 0, text, body: isJson ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {} });
      });
    });
    asking.on("error", reject);
    asking.end(body);
  });
}
