// Watches over one server: a process of its own, which ends the server and removes its folder when the process that started it has gone, however it went.
// What it reads of standard input: one order a line (service.ts), which it answers with the same word; and the end, which comes when the other end is closed
// or its process has died.
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command, Order } from "./service.ts";

const patienceMs = 5000;
const { folder, ...command } = JSON.parse(process.argv[2] ?? "{}") as Command & { readonly folder: string };
const log = join(folder, "log.txt");
/** Whether the server is to run: its end is the guard's end. */
let isWanted = true;
/** What was told last: one thing after another. */
let last: Promise<unknown> = Promise.resolve();
let server = start();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
const obey: Readonly<Record<Order, () => unknown>> = {
  kill: () => kill(server),
  start: () => (server = start()),
  suspend: () => tell("SIGSTOP"),
  resume: () => tell("SIGCONT"),
};
// Who gave the order may have gone before the answer: that ends the server, not this process.
process.stdout.on("error", () => undefined);
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  last = last.then(() => obey[line as Order]()).then(() => process.stdout.write(`${line}\n`));
});
input.on("close", endLast);

function start(): ChildProcess {
  isWanted = true;
  const out = openSync(log, "a");
  const child = spawn(command.program, command.args, { cwd: folder, env: { ...process.env, ...command.env }, stdio: ["ignore", out, out], ...command.user });
  child.once("error", (error) => {
    appendFileSync(log, `${command.program}: ${error.message}\n`);
    endLast();
  });
  child.once("exit", (code, signal) => {
    appendFileSync(log, `${command.program} ended: ${signal ?? code}\n`);
    if (isWanted) endLast();
  });
  return child;
}

/** Behind the orders that came before: none may start the server again. */
function endLast(): void {
  last = last.then(end);
}

async function end(): Promise<void> {
  await kill(server);
  // Who started it reads the log once more.
  await new Promise((resolve) => setTimeout(resolve, process.stdin.destroyed || process.stdin.readableEnded ? 0 : 200));
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

/** At once, as a crash. */
async function kill(child: ChildProcess): Promise<void> {
  isWanted = false;
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(command.killSignal);
  // One that was suspended hears nothing else.
  tell("SIGCONT");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await ended;
  clearTimeout(timer);
}

/** Signals the server and all its processes. */
function tell(signal: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of server.pid === undefined ? [] : familyOf(server.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function familyOf(pid: number): readonly number[] {
  let children = "";
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    // It has ended, or this system does not say: then it is one process.
  }
  return [pid, ...children.split(" ").filter((text) => text.trim() !== "").flatMap((text) => familyOf(Number(text)))];
}
