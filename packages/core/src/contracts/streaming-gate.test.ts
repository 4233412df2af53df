import { describe, expect, it } from "vitest";
import { envSettings } from "../node/settings.ts";
import { type BrokerSetting, brokerCapability, gateCapability, isStreamingEnabled, requireBroker, requireStreaming } from "./streaming-gate.ts";

const setting: BrokerSetting = { type: "acme_consumer", field: "url", variable: "ACME_URL", example: "acme://host" };
const process = (variables: Readonly<Record<string, string>>) => ({ settings: envSettings(variables) });
const on = { FLOW_STREAMING_ENABLED: "true" };

describe("GAT-1: only the text true switches streaming on", () => {
  it.each(["TRUE", "True", "1", "yes", "on", " true", "true ", "true\n", "", "false", "truetrue"])("%j does not", (value) => {
    expect(isStreamingEnabled(process({ FLOW_STREAMING_ENABLED: value }))).toBe(false);
  });
  it("true does; nothing does not, nor a process without switches", () => {
    expect(isStreamingEnabled(process(on))).toBe(true);
    expect(isStreamingEnabled(process({}))).toBe(false);
    expect(isStreamingEnabled({})).toBe(false);
  });
});

describe("GAT-2: the two errors", () => {
  it("off: disabled, whatever else is wrong or right", () => {
    for (const given of [undefined, "", "acme://host"]) {
      expect(() => requireBroker(setting, given, process({ ACME_URL: "acme://other" }))).toThrow(
        expect.objectContaining({ code: "SF_STREAMING_DISABLED", retryable: false, message: "acme_consumer: streaming is disabled in this process", hint: expect.stringContaining("FLOW_STREAMING_ENABLED=true") as string }),
      );
    }
    expect(() => requireStreaming("acme_mirror", {})).toThrow(expect.objectContaining({ code: "SF_STREAMING_DISABLED" }));
    expect(gateCapability("acme_consumer", {})).toMatchObject({ status: "disabled", code: "SF_STREAMING_DISABLED", hint: expect.stringContaining("FLOW_STREAMING_ENABLED=true") as string });
  });

  it("on, without a broker: unconfigured, with what to write where", () => {
    for (const given of [undefined, "", "  "]) {
      expect(() => requireBroker(setting, given, process({ ...on, ACME_URL: " " }))).toThrow(
        expect.objectContaining({ code: "SF_BROKER_UNCONFIGURED", retryable: false, message: "acme_consumer: streaming is enabled, but no broker is configured", hint: "give url in the pipeline, or set ACME_URL=acme://host" }),
      );
    }
    expect(brokerCapability(setting, process(on))).toMatchObject({ status: "unconfigured", code: "SF_BROKER_UNCONFIGURED", hint: "give url in the pipeline, or set ACME_URL=acme://host" });
  });

  it("on, with a broker: what the pipeline says, else what the process says", () => {
    const environment = process({ ...on, ACME_URL: "acme://other" });
    expect(requireBroker(setting, "acme://host", environment)).toBe("acme://host");
    expect(requireBroker(setting, undefined, environment)).toBe("acme://other");
    requireStreaming("acme_mirror", environment);
    expect(gateCapability("acme_consumer", environment)).toBeUndefined();
    expect(brokerCapability(setting, environment)).toBeUndefined();
  });
});
