// Servers that `pnpm testbed up` started and that stay up: each has a keeper (keeper.ts), which listens on a socket of the user's own folder.
//   U1. Of each service at most one is up.
//   U2. Whoever asks is answered by what runs, not by a file about it: a keeper that has died leaves nothing that looks alive.
import { chmodSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** What a keeper says of its server; what the kind of server has beside it (`listeners`) too. */
export interface Kept {
  /** Of the service. */
  readonly service: string;
  readonly url: string;
  /** Its data and its log. */
  readonly folder: string;
  /** Of the keeper. */
  readonly pid: number;
  /** In milliseconds since 1970. */
  readonly upSinceMs: number;
}

export type Question = { readonly ask: "status" | "down" } | { readonly ask: "logs"; readonly lines: number };

/** Where the keeper of a service listens. The folder is for this user alone: who can write to the socket can end the server. */
export function socketOf(service: string): string {
  const folder = join(tmpdir(), `streamflow-testbed-${process.getuid?.() ?? "user"}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return join(folder, `${service}.sock`);
}

/** What is up of a service. */
export async function kept(service: string): Promise<Kept | undefined> {
  const answer = await ask(service, { ask: "status" });
  return answer === undefined ? undefined : (JSON.parse(answer) as Kept);
}

/** What the keeper answers; nothing where there is none. */
export function ask(service: string, question: Question): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketOf(service), () => socket.end(`${JSON.stringify(question)}\n`));
    text(socket).then(resolve, () => resolve(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => (["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(error.code ?? "") ? resolve(undefined) : reject(error)));
  });
}
