// Redis: nothing on disk, no configuration file.
import { connect } from "node:net";
import { inPath, provide, type Found } from "./debian.ts";
import { freePort } from "./ports.ts";
import { launch, removeFolder, temporaryFolder, type Server, type Service, type StartOptions } from "./service.ts";

const usualSettings: Readonly<Record<string, string>> = { save: "", appendonly: "no" };

export const redis: Service = {
  name: "redis",
  isShareable: false,
  async install() {
    await find();
  },
  start,
};

function find(): Promise<Found> {
  return provide({ name: "redis", packages: ["redis-server"], find: (root) => inPath("redis-server", root) });
}

async function start({ settings = {} }: StartOptions = {}): Promise<Server> {
  const { program, env } = await find();
  const folder = temporaryFolder("redis");
  try {
    const port = await freePort();
    const given = Object.entries({ ...usualSettings, ...settings });
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...given.flatMap(([name, value]) => [`--${name}`, value])];
    return await launch({ name: "Redis", url: `redis://127.0.0.1:${port}`, port, folder, command: { program, args, env, user: undefined, killSignal: "SIGKILL" }, isReady: () => answersPing(port) });
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once("data", (bytes) => end(bytes.toString().startsWith("+PONG")));
    socket.once("error", () => end(false));
    socket.setTimeout(1000, () => end(false));
  });
}
