// Watches over one server: a process of its own, which ends the server and removes its folder when the process that started it has gone, however it went.
// What it reads of standard input: `restart`; and the end, which comes when the other end is closed or its process has died.
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

interface Orders {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly folder: string;
}

const patienceMs = 5000;
const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const log = join(orders.folder, "log.txt");
let isRestarting = false;
let server = start();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (line === "restart") void restart();
});
input.on("close", () => void end());

function start(): ChildProcess {
  const out = openSync(log, "a");
  const child = spawn(orders.program, orders.args, { cwd: orders.folder, env: { ...process.env, ...orders.env }, stdio: ["ignore", out, out], ...orders.user });
  child.once("error", (error) => {
    appendFileSync(log, `${orders.program}: ${error.message}\n`);
    void end();
  });
  child.once("exit", (code, signal) => {
    appendFileSync(log, `${orders.program} ended: ${signal ?? code}\n`);
    if (!isRestarting) void end();
  });
  return child;
}

async function restart(): Promise<void> {
  isRestarting = true;
  await kill(server);
  isRestarting = false;
  server = start();
  process.stdout.write("restarted\n");
}

async function end(): Promise<void> {
  isRestarting = true;
  await kill(server);
  // Who started it reads the log once more.
  await new Promise((resolve) => setTimeout(resolve, process.stdin.destroyed || process.stdin.readableEnded ? 0 : 200));
  rmSync(orders.folder, { recursive: true, force: true });
  process.exit(0);
}

/** At once, as a crash: Postgres gives up what is not committed, and its helpers end with it. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGQUIT");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await ended;
  clearTimeout(timer);
}
