import { expect, it } from "vitest";
import { capabilitiesOf } from "./capabilities.ts";
import type { Capability, CapabilityStatus } from "./contracts/capability.ts";
import type { ComponentSpec } from "./contracts/component.ts";
import { Registry } from "./registry.ts";
import { testEnvironment } from "./testing/environment.ts";

function component(kind: "source" | "sink" | "decoder", type: string, capability?: ComponentSpec["capability"]): ComponentSpec {
  const create = (): never => { throw new Error("it is looked at, not made"); };
  return { kind, type, summary: `${type}.`, fields: {}, example: `type: ${type}\n`, create, ...(capability === undefined ? {} : { capability }) };
}

it("lists sources, then sinks, by type, each with what it says of itself; one that says nothing is enabled", () => {
  const statuses: readonly CapabilityStatus[] = ["enabled", "unconfigured", "not-installed", "disabled", "planned"];
  const registry = new Registry().add(component("sink", "plain"), component("decoder", "ndjson"), ...statuses.map((status) => component("source", status, () => ({ status }))));
  const listed = capabilitiesOf(registry, testEnvironment().environment);
  expect(listed.map(({ kind, type, status, isEnabled }) => [kind, type, status, isEnabled])).toEqual([
    ["source", "disabled", "disabled", false],
    ["source", "enabled", "enabled", true],
    ["source", "not-installed", "not-installed", false],
    ["source", "planned", "planned", false],
    ["source", "unconfigured", "unconfigured", true],
    ["sink", "plain", "enabled", true],
  ]);
});

it("asks a component with the environment, and as its own method", () => {
  const own: ComponentSpec = {
    ...component("source", "own"),
    capability(environment): Capability {
      return { status: environment.settings?.get("OWN") === "on" && this.type === "own" ? "enabled" : "disabled", reason: "because" };
    },
  };
  const ask = (settings: Readonly<Record<string, string>>) => capabilitiesOf(new Registry().add(own), testEnvironment({ settings }).environment);
  expect(ask({ OWN: "on" })).toMatchObject([{ isEnabled: true }]);
  expect(ask({})).toEqual([{ kind: "source", type: "own", summary: "own.", isEnabled: false, status: "disabled", reason: "because" }]);
});
