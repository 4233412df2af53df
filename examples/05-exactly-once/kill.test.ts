// kill -9, 25 times, at points drawn from a seed: the outputs are those of a run that nothing happened to.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type SeededRandom, seededRandom } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { linesOf } from "../example.fixture.ts";
import type { ExampleArguments } from "../run-example.fixture.ts";

const kills = 25;
const payments = 120_000;
const program = join(import.meta.dirname, "../run-example.fixture.ts");

/** When a process is killed: when it is so far (or, among the first, so long after its start), and a little later. */
interface KillPoint {
  readonly fraction: number;
  readonly startMs: number;
  readonly delayMs: number;
}

interface Expected {
  readonly balances: readonly string[];
  readonly large: readonly string[];
}

// Side by side: the processes wait for disks more than they compute.
it.concurrent.each(["sync", "async"] as const)(`is exact after ${kills} kills, with %s checkpoints`, { timeout: 240_000 }, async (mode) => {
  const root = await mkdtemp(join(tmpdir(), "streamflow-kill-"));
  try {
    const random = seededRandom(mode === "sync" ? 5 : 6);
    const input = join(root, "payments.ndjson");
    const out = join(root, "out");
    const expected = await makePayments(input, random);
    const command: ExampleArguments = { folder: import.meta.dirname, form: mode === "sync" ? "ts" : "yaml", values: { input, out, mode }, dataFolder: join(root, "data") };
    let died = 0;
    for (const point of killPoints(random)) if (await diesAt(point, command)) died++;
    expect(await diesAt(undefined, command)).toBe(false);
    expect(died).toBe(kills);
    expect(balancesOf(join(out, "balances.db"))).toEqual(expected.balances);
    expect(await linesOf(join(out, "large"))).toEqual(expected.large);
  } finally {
    await rm(root, { recursive: true });
  }
});

/** One in five falls into the start of the process, where it recovers; the others are spread over the input. */
function killPoints(random: SeededRandom): readonly KillPoint[] {
  const fractions = Array.from({ length: kills }, () => random.next() * 0.85).sort((a, b) => a - b);
  return fractions.map((fraction) => ({
    fraction,
    startMs: random.next() < 0.2 ? random.next() * 400 : Infinity,
    delayMs: random.next() * 10,
  }));
}

/** Runs the pipeline; answers whether it was killed. @throws when it fails */
async function diesAt(point: KillPoint | undefined, command: ExampleArguments): Promise<boolean> {
  const env = { ...process.env, NODE_OPTIONS: "--conditions=streamflow-source --disable-warning=ExperimentalWarning", NODE_COMPILE_CACHE: `${command.dataFolder}-compiled` };
  const child = spawn(process.execPath, [program, JSON.stringify(command)], { stdio: ["ignore", "pipe", "pipe"], env });
  const kill = (): void => void child.kill("SIGKILL");
  const timers: NodeJS.Timeout[] = [];
  let errorText = "";
  child.stderr.on("data", (text: Buffer) => (errorText += text.toString()));
  if (point !== undefined && point.startMs < Infinity) timers.push(setTimeout(kill, point.startMs));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (point !== undefined && timers.length === 0 && Number(line) >= point.fraction) timers.push(setTimeout(kill, point.delayMs));
  });
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...end) => resolve(end));
  });
  for (const timer of timers) clearTimeout(timer);
  if (signal === "SIGKILL" && point !== undefined) return true;
  if (code !== 0) throw new Error(`the pipeline ended with ${code ?? signal}\n${errorText}`);
  return false;
}

/** Writes payments, and counts them by plain code. */
async function makePayments(file: string, random: SeededRandom): Promise<Expected> {
  const balances = new Map<string, { payments: number; cents: number }>();
  const large: string[] = [];
  const lines: string[] = [];
  for (let id = 1; id <= payments; id++) {
    const account = `acc-${Math.floor(random.next() * 500)}`;
    const cents = Math.floor(random.next() ** 3 * 150_000) - 10_000;
    const line = JSON.stringify({ id, account, cents });
    lines.push(line);
    if (cents >= 100_000) large.push(line);
    const balance = balances.get(account) ?? { payments: 0, cents: 0 };
    balances.set(account, { payments: balance.payments + 1, cents: balance.cents + cents });
  }
  await writeFile(file, `${lines.join("\n")}\n`);
  const rows = [...balances].map(([account, balance]) => JSON.stringify({ account, ...balance }));
  return { balances: rows.sort(), large };
}

function balancesOf(file: string): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("SELECT account, payments, cents FROM balances").all();
  database.close();
  return rows.map((row) => JSON.stringify(row)).sort();
}
