import type { Source } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { type LookupConfig, lookupOperator } from "./lookup.ts";

const source = (bounded = true): Source => ({ type: "rows", capabilities: { replayable: true, bounded, deterministic: true }, config: {}, open: () => Promise.reject(new Error("not opened by the operator")) });
const airlines = [{ code: "UA", name: "United" }, { code: "AA", name: "American" }, { code: null, name: "nobody" }];
const config: LookupConfig = { source: source(), sourceKey: (row: { code: string }) => row.code, key: (record: { carrier: string }) => record.carrier, as: "airline" };
const start = (partial: Partial<LookupConfig> = {}, rows: readonly unknown[] = airlines, from?: OperatorHarness<LookupConfig>): Promise<OperatorHarness<LookupConfig>> =>
  new OperatorHarness(lookupOperator, { ...config, ...partial }, { readAll: () => rows, ...(from === undefined ? {} : { from: from.snapshot() }) }).open();

describe("lookup", () => {
  it("adds the row with the same key, or null; a null key finds nothing", async () => {
    const harness = await start();
    harness.push({ carrier: "UA" }).push({ carrier: "??" }).push({ carrier: null });
    expect(harness.values()).toEqual([{ carrier: "UA", airline: airlines[0] }, { carrier: "??", airline: null }, { carrier: null, airline: null }]);
  });

  it("rejects a record that finds nothing where one is required", async () => {
    const harness = await start({ required: true });
    harness.push({ carrier: "??" }).push({ carrier: "AA" });
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_LOOKUP_MISSING"]);
    expect(harness.values()).toHaveLength(1);
  });

  it("makes what `select` says; of rows with one key the last one counts", async () => {
    const select = (record: { carrier: string }, row: { name: string } | null): string => `${record.carrier}: ${row?.name}`;
    const harness = await start({ select }, [...airlines, { code: "UA", name: "United Airlines" }]);
    expect(harness.push({ carrier: "UA" }).values()).toEqual(["UA: United Airlines"]);
  });

  it("compares its rows with those of the checkpoint, whatever their order", async () => {
    const before = await start();
    expect((await start({}, [...airlines].reverse(), before)).logged).toEqual([]);
    const changed = [...airlines.slice(1), { code: "UA", name: "Untied" }];
    expect((await start({}, changed, before)).logged).toEqual([expect.stringContaining("have changed")]);
    await expect(start({ onChange: "refuse" }, changed, before)).rejects.toMatchObject({ code: "SF_STATE_INCOMPATIBLE" });
    await expect(start({ onChange: "refuse" }, airlines, before)).resolves.toBeDefined();
  });

  it("is deterministic only where changed rows are refused, and takes only bounded sources", () => {
    const shape = (partial: Partial<LookupConfig>): unknown => new OperatorHarness(lookupOperator, { ...config, ...partial }).shape.deterministic;
    expect([shape({}), shape({ onChange: "refuse" })]).toEqual([false, true]);
    expect(() => shape({ source: source(false) })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });
});
