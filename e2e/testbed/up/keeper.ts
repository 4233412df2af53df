// Keeps one server up until it is told otherwise: a process of its own, in the background.
//   node keeper.ts SERVICE
// Says `up` on standard output when the server is ready; else it ends, and says why on standard error.
import { unlinkSync } from "node:fs";
import { createServer, type Server as SocketServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { services, type Server, type Service } from "../index.ts";
import { kept, type Kept, type Question, socketOf } from "./kept.ts";

const upSinceMs = Date.now();
const service = services.find(({ name }) => name === process.argv[2]);
try {
  if (service === undefined) throw new Error(`there is no service ${process.argv[2]}`);
  await keep(service);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function keep(of: Service): Promise<void> {
  const starting = Promise.withResolvers<Server>();
  const place = await claim(of.name, (socket) => void starting.promise.then((server) => answer(socket, server), () => socket.destroy()));
  try {
    const server = await of.start();
    starting.resolve(server);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void server.stop());
    void server.ended.then(() => place.close(() => process.exit(0)));
    // Two that were started in the same moment may both have found the place of one that had died: the later has it.
    if ((await kept(of.name))?.pid === process.pid) process.stdout.write("up\n");
    else await server.stop();
  } catch (error) {
    starting.reject(error);
    place.close();
    throw error;
  }
}

/** The place of the one keeper of a service: its socket. */
async function claim(name: string, onConnect: (socket: Socket) => void): Promise<SocketServer> {
  const free = await listen(name, onConnect);
  if (free !== undefined) return free;
  const other = new Error(`another ${name} is up`);
  if ((await kept(name)) !== undefined) throw other;
  unlinkSync(socketOf(name));
  const left = await listen(name, onConnect);
  if (left === undefined) throw other;
  return left;
}

function listen(name: string, onConnect: (socket: Socket) => void): Promise<SocketServer | undefined> {
  const server = createServer({ allowHalfOpen: true }, onConnect);
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined)).listen(socketOf(name), () => resolve(server));
  });
}

async function answer(socket: Socket, server: Server): Promise<void> {
  socket.on("error", () => undefined);
  for await (const line of createInterface({ input: socket })) {
    const question = JSON.parse(line) as Question;
    if (question.ask === "down") await server.stop();
    const status: Kept = { ...server, service: service?.name ?? "", pid: process.pid, upSinceMs };
    socket.end(question.ask === "logs" ? server.log(question.lines) : JSON.stringify(status));
  }
}
