// A YAML file through the command line: killed again and again, and resumed, it gives what an uninterrupted run gives.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Workspace, type Running } from "../test/processes.ts";

const records = 120_000;

/** @param maxRecords of a batch: where batches are cut carries no meaning, and small ones take long enough to be killed in */
function pipeline(output: string, maxRecords: number): string {
  return `name: ${output}
checkpoint: { every: 20ms }
batch: { maxRecords: ${maxRecords} }
source:
  type: file
  path: orders.ndjson
  schema: { id: int32, ts: timestamp, route: string, price: float64 }
stages:
  - { type: eventTime, timestamp: ts, outOfOrderness: 2s }
  - { type: keyBy, key: route }
  - { type: window, id: per-minute, tumbling: 1m, aggregate: { n: count(), total: sum(price), most: max(id) } }
sinks:
  - { type: sqlite, path: ${output}.db, table: totals }
  - { type: file, id: late, from: per-minute.late, folder: ${output}-late, format: ndjson }
`;
}

/** Records out of order by up to 4 s, which makes some late, over 9 keys, and some that cannot be decoded. */
function input(): string {
  const lines: string[] = [];
  for (let id = 0; id < records; id++) {
    const ts = new Date(Date.UTC(2024, 0, 1) + id * 50 - ((id * 7_919) % 4_000)).toISOString();
    lines.push(id % 9_973 === 5 ? `{"id":${id},` : JSON.stringify({ id, ts, route: `r${(id * 31) % 9}`, price: (id % 97) / 4 }));
  }
  return `${lines.join("\n")}\n`;
}

describe("a pipeline that is killed", () => {
  it("goes on where it was, and its output is that of an uninterrupted run", { timeout: 120_000 }, async () => {
    await using workspace = new Workspace();
    workspace.write("orders.ndjson", input());
    workspace.write("whole.yaml", pipeline("whole", 1_024));
    workspace.write("killed.yaml", pipeline("killed", 2));
    expect(await workspace.command("run", "whole.yaml").ended).toMatchObject({ code: 0 });

    let kills = 0;
    for (;;) {
      const running = workspace.command("run", "killed.yaml", "--json", "--progress", "200ms");
      await hasCommitted(running, kills);
      running.child.kill("SIGKILL");
      const { signal, code, stderr } = await running.ended;
      if (signal !== "SIGKILL") {
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(2);

    const all = "SELECT * FROM totals ORDER BY windowStart, route";
    const whole = workspace.rows("whole.db", all);
    expect(whole.length).toBeGreaterThan(400);
    expect(workspace.rows("killed.db", all)).toEqual(whole);
    expect(lateLines(workspace, "whole").length).toBeGreaterThan(100);
    expect(lateLines(workspace, "killed")).toEqual(lateLines(workspace, "whole"));
    const letters = JSON.parse((await workspace.command("inspect", "dead-letters", "killed", "--json").ended).stdout) as { readonly total: number };
    expect(letters.total).toBe(Math.floor((records - 5) / 9_973) + 1);
  });
});

/** What the file sink has written, whatever parts it came in. */
function lateLines({ folder }: Workspace, name: string): readonly string[] {
  const parts = readdirSync(join(folder, `${name}-late`)).filter((file) => file.startsWith("part-"));
  return parts.flatMap((file) => readFileSync(join(folder, `${name}-late`, file), "utf8").trim().split("\n")).sort();
}

/** Resolves when this life has committed something and is still at work; after three kills it is left alone. */
function hasCommitted(running: Running, kills: number): Promise<unknown> {
  if (kills >= 3) return running.ended;
  const isFar = ({ stdout }: Running): true | undefined => {
    const events = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as { event: string; recordsIn?: number; epoch?: number });
    return events.some(({ event, recordsIn = 0, epoch = 0 }) => event === "progress" && recordsIn > 0 && epoch > 0) ? true : undefined;
  };
  return Promise.race([running.until(isFar), running.ended]);
}
