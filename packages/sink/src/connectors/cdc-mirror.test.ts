import { testEnvironment } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { cdcMirror } from "./cdc-mirror.ts";

const open = (settings: Readonly<Record<string, string>>) =>
  cdcMirror.create({}, { folder: "/", component: () => expect.fail("none is named") }).open({ environment: testEnvironment({ settings }).environment, pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal });

it("says that streaming is disabled; where it is not, that the mode is not built yet", async () => {
  await expect(open({})).rejects.toMatchObject({ code: "SF_STREAMING_DISABLED" });
  await expect(open({ FLOW_STREAMING_ENABLED: "true" })).rejects.toMatchObject({ code: "SF_COMPONENT_PLANNED", hint: expect.stringContaining("postgres") as string });
});

it("tells the same as its capability", () => {
  expect(cdcMirror.capability?.(testEnvironment().environment)).toMatchObject({ status: "disabled" });
  expect(cdcMirror.capability?.(testEnvironment({ settings: { FLOW_STREAMING_ENABLED: "true" } }).environment)).toMatchObject({ status: "planned" });
});
