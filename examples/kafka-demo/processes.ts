// The processes of the demo: started, killed, stopped.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FillOptions, HoursOptions } from "./pipelines.ts";

/** How a process ended. */
interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process of run.ts. */
export class DemoProcess {
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #errors = "";

  constructor(name: "fill" | "hours", options: FillOptions | HoursOptions, dataFolder: URL) {
    const paths = [fileURLToPath(new URL("run.ts", import.meta.url)), name, JSON.stringify(options), fileURLToPath(dataFolder)];
    const child = spawn(process.execPath, [...process.execArgv, ...paths], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, FLOW_STREAMING_ENABLED: "true" } });
    this.#child = child;
    child.stderr.on("data", (text: Buffer) => (this.#errors += text.toString()));
    this.exit = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it had to complain of. */
  get errors(): string {
    return this.#errors.slice(-4_000);
  }

  /** Resolves when it has ended by itself. @throws where it has failed */
  async succeeds(): Promise<void> {
    const { code, signal } = await this.exit;
    if (code !== 0) throw new Error(`a process ended with ${code ?? signal}\n${this.errors}`);
  }

  /** Kills it with the signal that nothing can catch. Answers whether it died of that. */
  async kill(): Promise<boolean> {
    this.#child.kill("SIGKILL");
    return (await this.exit).signal === "SIGKILL";
  }

  /** Lets it finish what it is at, and end. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.succeeds();
  }
}
