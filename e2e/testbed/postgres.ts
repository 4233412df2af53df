// Postgres: initdb into a temporary folder, no socket but 127.0.0.1, a password for every run.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { provide, type Found } from "./debian.ts";
import { freePort } from "./ports.ts";
import { launch, removeFolder, temporaryFolder, type Command, type Server, type Service, type StartOptions } from "./service.ts";

const run = promisify(execFile);

/** Commits are not synced: the machine does not fail, and a server that is killed loses nothing that the system has. */
const usualSettings: Readonly<Record<string, string>> = {
  fsync: "off", full_page_writes: "off", wal_level: "logical", max_connections: "200", log_min_messages: "warning", jit: "off", max_wal_size: "256MB",
};

export const postgres: Service = {
  name: "postgres",
  isShareable: false,
  async install() {
    await find();
  },
  start,
};

function find(): Promise<Found> {
  return provide({
    name: "postgres",
    packages: ["postgresql-15"],
    find(root) {
      const parent = join(root, "usr/lib/postgresql");
      const versions = existsSync(parent) ? readdirSync(parent).sort((a, b) => Number(b) - Number(a)) : [];
      return versions.map((version) => join(parent, version, "bin/postgres")).find((path) => existsSync(path));
    },
  });
}

async function start({ settings = {} }: StartOptions = {}): Promise<Server> {
  const { program, env } = await find();
  const folder = temporaryFolder("postgres");
  const user = otherUser();
  try {
    const [data, password, passwordFile] = [join(folder, "data"), randomBytes(12).toString("hex"), join(folder, "password")];
    writeFileSync(passwordFile, password);
    if (user !== undefined) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
    await tool("initdb", ["-D", data, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync", "--encoding=UTF8", "--no-locale"]);
    const port = await freePort();
    const given = Object.entries({ ...usualSettings, ...settings, listen_addresses: "127.0.0.1", unix_socket_directories: "" });
    const args = ["-D", data, "-p", String(port), ...given.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    return await launch({
      name: "Postgres",
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      port,
      folder,
      command: { program, args, env, user, killSignal: "SIGQUIT" },
      isReady: () => tool("pg_isready", ["-q", "-h", "127.0.0.1", "-p", String(port)]).then(() => true, () => false),
    });
  } catch (error) {
    removeFolder(folder);
    throw error;
  }

  async function tool(name: string, args: readonly string[]): Promise<void> {
    await run(join(dirname(program), name), args, { cwd: folder, env: { ...process.env, ...env }, ...user });
  }
}

/** Postgres refuses to run as root. */
function otherUser(): Command["user"] {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const found = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (found === undefined) throw new Error("Postgres does not run as root, and there is neither a user postgres nor nobody");
  return { uid: Number(found[2]), gid: Number(found[3]) };
}
