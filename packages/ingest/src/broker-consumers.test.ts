import { Registry, type Source } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { brokerSettings } from "./broker-consumers.ts";
import { ingestComponents } from "./components.ts";
import { drain } from "./testing/drain.ts";

const registry = new Registry().add(...ingestComponents);
const make = (type: string, config: Readonly<Record<string, unknown>>): Source => registry.component("source", type).create(config, { folder: "/", component: () => expect.fail("none is named") });
const on = { FLOW_STREAMING_ENABLED: "true" };

async function failureOf(source: Source, settings: Readonly<Record<string, string>>): Promise<unknown> {
  return await drain(source, { environment: testEnvironment({ settings }).environment }).then(() => expect.fail("it runs"), (error: unknown) => error);
}

describe.each([brokerSettings.kinesis_consumer, brokerSettings.pulsar_consumer])("$type", ({ type, field, variable, example }) => {
  it("is planned without a look at the process", () => {
    expect(make(type, { [field]: example })).toMatchObject({ type, config: { [field]: example } });
  });
  it("says first that streaming is disabled, then that no broker is configured, then that it is not built", async () => {
    expect(await failureOf(make(type, {}), {})).toMatchObject({ code: "SF_STREAMING_DISABLED" });
    expect(await failureOf(make(type, { [field]: example }), { FLOW_STREAMING_ENABLED: "TRUE" })).toMatchObject({ code: "SF_STREAMING_DISABLED" });
    expect(await failureOf(make(type, {}), on)).toMatchObject({ code: "SF_BROKER_UNCONFIGURED" });
    expect(await failureOf(make(type, { [field]: example }), on)).toMatchObject({ code: "SF_COMPONENT_PLANNED" });
    expect(await failureOf(make(type, {}), { ...on, [variable]: example })).toMatchObject({ code: "SF_COMPONENT_PLANNED" });
  });
  it("tells as its capability what opening it says", () => {
    const capability = (settings: Readonly<Record<string, string>>) => registry.component("source", type).capability?.(testEnvironment({ settings }).environment);
    expect(capability({})).toMatchObject({ status: "disabled", code: "SF_STREAMING_DISABLED" });
    expect(capability(on)).toMatchObject({ status: "planned", code: "SF_COMPONENT_PLANNED", hint: expect.stringContaining("pushSource") as string });
  });
});
