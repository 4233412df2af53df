import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { whyNoMeasuring } from "./measure.ts";
import { measureVariant, type SuiteOptions } from "./suite.ts";
import { chosenSystems, type System } from "./systems.ts";
import { variants } from "./workloads.ts";

const notes: string[] = [];
const options: SuiteOptions = { records: 5_000, rounds: 0, threads: 1, disorder: 0.05, steady: false, note: (line) => void notes.push(line) };
const base = variants[0]!;

const before = process.env["NODE_OPTIONS"];
beforeEach(() => {
  notes.length = 0;
  // Nothing needs to be built.
  process.env["NODE_OPTIONS"] = `${before ?? ""} --conditions=streamflow-source`;
});
afterEach(() => {
  if (before === undefined) delete process.env["NODE_OPTIONS"];
  else process.env["NODE_OPTIONS"] = before;
});

/** Ends well, and writes a line. */
function writes(line: string): System {
  return { name: "writer", runs: () => true, command: ({ output }) => ({ program: process.execPath, arguments: ["-e", `require("node:fs").writeFileSync(${JSON.stringify(output)}, ${JSON.stringify(line)})`] }) };
}

describe.skipIf(whyNoMeasuring() !== undefined)("measureVariant", () => {
  // The other forms of a pipeline are held to the same with every measurement.
  it.each(variants.map((variant) => [`${variant.workload}/${variant.variant}`, variant] as const))("%s: every system gives what DuckDB gives", async (_name, variant) => {
    const systems = chosenSystems(["c", "node"]).filter(({ name }) => !name.startsWith("streamflow-"));
    const rows = await measureVariant(variant, systems, options);
    expect(notes.filter((line) => !line.includes("no C compiler"))).toEqual([]);
    expect(rows.filter((row) => row.void)).toEqual([]);
    expect(rows.map((row) => row.system)).toEqual(expect.arrayContaining(["node", "streamflow"]));
  }, 60_000);

  it("a system whose output differs is void, and does not run again", async () => {
    const [row] = await measureVariant(base, [writes("{}\n")], options);
    expect(row).toMatchObject({ system: "writer", void: true, rounds: 0 });
    expect(notes).toEqual([expect.stringMatching(/^writer is void: its output is [0-9a-f]{32}, the oracle's [0-9a-f]{32}$/)]);
  });

  it("a system that fails is void; one that cannot run here is left out, and said so", async () => {
    const fails: System = { ...writes(""), command: () => ({ program: "false", arguments: [] }) };
    const absent: System = { ...writes(""), name: "absent", whyNot: () => "it is not there" };
    const rows = await measureVariant(base, [fails, absent], options);
    expect(rows.map(({ system, void: isVoid }) => [system, isVoid])).toEqual([["writer", true]]);
    expect(notes).toEqual(["absent is left out: it is not there", "writer is void: Error: writer ended with code 1\n"]);
  });

  it("a service is there while a system runs, what it uses counts, and it is gone behind it; output is tidied before it is compared", async () => {
    const steps: string[] = [];
    const served: System = {
      ...writes('{"a":1,"extra":7}\n'),
      tidy: 's/,"extra":[0-9]+//',
      service: async () => {
        steps.push("start");
        let uses = 0;
        return { address: "here", usage: () => ({ cpuSeconds: 1_000 * uses++, rssBytes: 2 ** 40 }), close: async () => void steps.push("end") };
      },
      command: (job, service) => {
        steps.push(`run ${service?.address}`);
        return writes('{"a":1,"extra":7}\n').command(job);
      },
    };
    const expected = createHash("md5").update('{"a":1}\n').digest("hex");
    const [row] = await measureVariant(base, [served], options);
    expect(notes).toEqual([expect.stringContaining(`writer is void: its output is ${expected}, `)]);
    expect(steps).toEqual(["start", "run here", "end"]);
    expect(row).toMatchObject({ void: true });
    const node = chosenSystems(["node"]).find(({ name }) => name === "node")!;
    const [counted] = await measureVariant(base, [{ ...node, service: served.service! }], { ...options, rounds: 1 });
    expect(counted!.recordsPerCpuSecond).toBeLessThan(5.1);
    expect(counted!.peakRssMiB).toBeGreaterThan(2 ** 20);
  }, 60_000);

  it("figures are medians of the rounds; a fifth of the records is measured as well, for steady ones", async () => {
    const node = chosenSystems(["node"]).filter(({ name }) => name === "node");
    const [row] = await measureVariant(base, node, { ...options, rounds: 1 });
    expect(row).toMatchObject({ system: "node", workload: "w1", variant: "base", threads: 1, records: 5_000, rounds: 1, measures: {}, steadyRecordsPerCpuSecond: null, percentOfC: null, void: false });
    for (const figure of ["recordsPerSecond", "megabytesPerSecond", "recordsPerCpuSecond", "peakRssMiB"] as const) expect(row![figure]).toBeGreaterThan(0);
    const [steady] = await measureVariant(base, node, { ...options, records: 100_000, rounds: 1, steady: true });
    expect(steady!.steadyRecordsPerCpuSecond).toBeGreaterThan(0);
  }, 60_000);
});

it("peers are chosen by name; StreamFlow is always measured", () => {
  expect(chosenSystems(["node"]).map(({ name }) => name)).toEqual(["node", "streamflow", "streamflow-expressions", "streamflow-yaml"]);
  expect(() => chosenSystems(["nodd"])).toThrow("there is no peer nodd");
});
