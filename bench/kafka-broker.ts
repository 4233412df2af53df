// A broker that has the input of a run: started before its time begins, ended behind it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Job, Service } from "./systems.ts";

const ticksPerSecond = 100;
const mostChars = 4_000;

/** Starts a broker on two free ports of this machine, and loads the input of the job. Its address is a port. @throws where it ends before it is ready */
export async function startBroker(java: readonly string[], job: Job): Promise<Service> {
  const port = await freePorts();
  const child = spawn("java", [...java, "bench.Broker", join(job.data, "broker"), String(port), job.input], { stdio: ["ignore", "pipe", "pipe"] });
  const end = (): void => void child.kill("SIGKILL");
  process.on("exit", end);
  const closed = once(child, "close");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostChars)));
  const isReady = new Promise<true>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      if (line === "ready") resolve(true);
      else said = `${said}${line}\n`.slice(-mostChars);
    });
  });
  if ((await Promise.race([isReady, closed])) !== true) throw new Error(`the broker ended before it was ready\n${said}`);
  return {
    address: String(port),
    usage: () => usageOf(child.pid!),
    close: async () => {
      process.off("exit", end);
      end();
      await closed;
    },
  };
}

function usageOf(pid: number): { readonly cpuSeconds: number; readonly rssBytes: number } {
  const [status, stat] = [readFileSync(`/proc/${pid}/status`, "latin1"), readFileSync(`/proc/${pid}/stat`, "latin1")];
  // Behind the name, which may hold anything: user and system time are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, rssBytes: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024 };
}

/** A port that is free, as is the one behind it: likely enough, where the system gives numbers out in no order. */
async function freePorts(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
