import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostConformance, loggerConformance, registerConformance, secretsConformance } from "@streamflow/core/testing";
import { closeAll } from "@streamflow/state";
import { createHost } from "./host.ts";

it("hides in its log every secret that was read, and takes its variables from the caller", () => {
  const lines: string[] = [];
  const { environment } = createHost({ variables: { TOKEN: "s3cret-value" }, log: { format: "json", level: "debug", stream: { write: (text) => lines.push(text) } } });
  expect(environment.secrets.get("TOKEN")).toBe("s3cret-value");
  expect(environment.secrets.get("PATH")).toBeUndefined();
  environment.logger.debug("connecting with s3cret-value", { url: "db://s3cret-value@host" });
  expect(lines.join("")).toContain('"message":"connecting with [secret]"');
  expect(lines.join("")).not.toContain("s3cret");
});

it("measures into a collector of its own", () => {
  const host = createHost();
  host.environment.metrics.counter("orders_total", "Orders.").add(3);
  expect(host.metrics.snapshot().families.find(({ name }) => name === "orders_total")?.series[0]?.value).toBe(3);
  expect(createHost().metrics.snapshot().families.some(({ name }) => name === "orders_total")).toBe(false);
});

it.each([["files", true], ["sqlite", false]] as const)("opens a data folder that keeps checkpoints as %s", async (checkpoints, hasFolder) => {
  const folder = mkdtempSync(join(tmpdir(), "streamflow-host-"));
  try {
    await closeAll(await createHost({ checkpoints }).openStores(join(folder, "data")));
    expect(readdirSync(join(folder, "data")).includes("checkpoints")).toBe(hasFolder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("says where shared stores are, and tells the password to nobody; anything but a connection string of Postgres is refused", async () => {
  expect(createHost().sharedStores).toBeUndefined();
  const host = createHost({ variables: { STREAMFLOW_STORE: "postgresql://me:hunter2@127.0.0.1:1/flights?sslmode=disable" } });
  expect(host.sharedStores).toBe("postgresql://127.0.0.1:1/flights");
  await expect(host.openStores("/nowhere")).rejects.toMatchObject({ code: "SF_STORE_UNAVAILABLE", message: expect.not.stringContaining("hunter2") });
  expect(createHost({ storeUrl: "postgres://other/db", variables: { STREAMFLOW_STORE: "postgres://this/db" } }).sharedStores).toBe("postgres://other/db");
  for (const wrong of ["hunter2", "mysql://me:hunter2@db/x", ""]) {
    expect(() => createHost({ storeUrl: wrong })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID", message: expect.not.stringContaining("hunter2") }) as Error);
  }
});

it("bounds the memory of all pipelines together", () => {
  expect(createHost({ maxMemoryBytes: 12_345 }).environment.budget.limitBytes).toBe(12_345);
});

describe.each(["files", "sqlite"] as const)("the promises of a host that keeps checkpoints as %s", (checkpoints) => {
  const folders: string[] = [];
  registerConformance(
    it,
    hostConformance({
      create: () => createHost({ checkpoints, log: { stream: { write: () => true } } }),
      folder: () => {
        const folder = mkdtempSync(join(tmpdir(), "streamflow-host-"));
        folders.push(folder);
        return join(folder, "new", "data");
      },
      dispose: () => {
        for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
      },
    }),
  );
});

describe.each(["text", "json"] as const)("the promises of a host's parts, with a log as %s", (format) => {
  registerConformance(it, secretsConformance({ create: (variables) => createHost({ variables }).environment.secrets }));
  registerConformance(
    it,
    loggerConformance({
      capabilities: { learn: true, fail: true },
      create: () => {
        const lines: string[] = [];
        const variables: Record<string, string> = {};
        const stream = { write: (text: string): unknown => lines.push(text.slice(0, -1)) };
        const { environment } = createHost({ variables, log: { format, level: "debug", stream } });
        return {
          logger: environment.logger,
          lines: () => lines,
          learn: (secret) => {
            variables["TOKEN"] = secret;
            environment.secrets.get("TOKEN");
          },
          fail: () => void (stream.write = () => { throw new RangeError("the stream is gone"); }),
        };
      },
    }),
  );
});
