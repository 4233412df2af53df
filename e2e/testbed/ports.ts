// Ports of 127.0.0.1 for servers.
import { createServer, type Server } from "node:net";

/** Below the ports that systems give to those who connect: a client that tries again while its server is down must not be given the server's own. */
const [first, end] = [20_000, 32_000];
const attempts = 1000;

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("there is no free port");
  return port;
}

/** As many, no two alike. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const taken: Server[] = [];
  const ports: number[] = [];
  for (let left = attempts; ports.length < count; left--) {
    if (left === 0) throw new Error(`found ${ports.length} of ${count} free ports between ${first} and ${end}`);
    const port = first + Math.floor(Math.random() * (end - first));
    const server = await listen(port);
    if (server === undefined) continue;
    taken.push(server);
    ports.push(port);
  }
  await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined)).listen(port, "127.0.0.1", () => resolve(server));
  });
}
