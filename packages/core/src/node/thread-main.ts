// What a thread of the process runs first: it loads its program. Started by threads.ts, never imported.
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadProgram } from "../contracts/thread-program.ts";
import { nodeDisk } from "./disk.ts";

const { program } = workerData as { readonly program: string };
const { run } = (await import(program)) as { readonly run: ThreadProgram };
run({
  disk: nodeDisk({ readsBlock: true }),
  post: (message) => parentPort?.postMessage(message),
  listen: (handle) => void parentPort?.on("message", handle),
});
