// `pnpm testbed`: servers that stay up until they are told otherwise.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { services } from "./index.ts";
import { ask, kept, type Kept } from "./up/kept.ts";

const names = services.map(({ name }) => name);
const help = `Real servers on 127.0.0.1, without Docker: ${names.join(", ")}.

  testbed up SERVICE...          starts what is not up yet, downloads what is missing
  testbed down [SERVICE...]      ends them, and removes their folders; without names, all
  testbed status [--json]        what is up, and where
  testbed logs SERVICE [--lines N]
`;

interface Asked {
  readonly chosen: readonly string[];
  readonly isJson: boolean;
  readonly lines: number;
}

const commands: Readonly<Record<string, (asked: Asked) => Promise<void>>> = {
  up: async ({ chosen, isJson }) => {
    if (chosen.length === 0) throw new Error(`say which: ${names.join(", ")}`);
    // One after another: two of apt at once would stand in each other's way.
    for (const service of services) if (chosen.includes(service.name)) await service.install();
    await Promise.all(chosen.map(async (name) => (await kept(name)) ?? (await startKeeper(name))));
    await showStatus(chosen, isJson);
  },
  down: async ({ chosen }) => {
    await Promise.all((chosen.length === 0 ? names : chosen).map((name) => ask(name, { ask: "down" })));
  },
  status: ({ chosen, isJson }) => showStatus(chosen.length === 0 ? names : chosen, isJson),
  logs: async ({ chosen, lines }) => {
    for (const name of chosen) process.stdout.write(`${(await ask(name, { ask: "logs", lines })) ?? `${name} is not up`}\n`);
  },
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`testbed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: "boolean" }, lines: { type: "string", default: "50" }, help: { type: "boolean" } } });
  const [name = "help", ...chosen] = positionals;
  const command = commands[name];
  const unknown = chosen.find((one) => !names.includes(one));
  if (unknown !== undefined) throw new Error(`there is no service ${unknown}; there are ${names.join(", ")}`);
  if (command === undefined && name !== "help") throw new Error(`there is no command ${name}\n${help}`);
  if (command === undefined || values.help === true) process.stdout.write(help);
  else await command({ chosen, isJson: values.json === true, lines: Number(values.lines) });
}

/** A process that outlives this one. @throws with what it says, where its server does not start. */
async function startKeeper(name: string): Promise<void> {
  const keeper = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, "up/keeper.ts"), name], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const isUp = once(keeper.stdout, "data").then(() => true);
  const failure = text(keeper.stderr);
  if (await Promise.race([isUp, once(keeper, "exit").then(() => false)])) {
    keeper.stdout.destroy();
    keeper.stderr.destroy();
    keeper.unref();
    // Its end is no concern of this process.
    failure.catch(() => undefined);
    return;
  }
  // Another one was quicker.
  if ((await kept(name)) === undefined) throw new Error((await failure).trim());
}

async function showStatus(chosen: readonly string[], isJson: boolean): Promise<void> {
  const all = await Promise.all(chosen.map(async (name) => ({ name, server: await kept(name) })));
  if (isJson) process.stdout.write(`${JSON.stringify(all.flatMap(({ server }) => server ?? []), undefined, 2)}\n`);
  else for (const { name, server } of all) process.stdout.write(server === undefined ? `${name.padEnd(9)} down\n` : describe(server));
}

function describe(server: Kept): string {
  const { listeners = {} } = server as { readonly listeners?: Readonly<Record<string, { readonly bootstrap: string; readonly username?: string; readonly password?: string }>> };
  const ways = Object.entries(listeners).map(([way, { bootstrap, username, password }]) => `          ${way.padEnd(10)} ${bootstrap}${username === undefined ? "" : `  user ${username}, password ${password}`}\n`);
  return `${server.service.padEnd(9)} ${server.url}\n          files in   ${server.folder}\n${ways.join("")}`;
}
