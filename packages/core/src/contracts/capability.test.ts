import { expect, it } from "vitest";
import { clientCapability, firstOf, plannedCapability } from "./capability.ts";

const failure = (code: string): Error => Object.assign(new Error(code), { code });
const client = (resolve: (name: string) => unknown) => clientCapability({ type: "acme", packages: ["acme-client", "acme-extra"], install: "npm install acme-client@2 acme-extra@1", resolve });

it("a client is missing where one of its packages cannot be found, and then it says which, and what installs them", () => {
  const without = (missing: readonly string[]) => (name: string): string => {
    if (missing.includes(name)) throw failure("ERR_MODULE_NOT_FOUND");
    return name;
  };
  expect(client(without([]))).toBeUndefined();
  expect(client(without(["acme-extra"]))).toEqual({ status: "not-installed", code: "SF_CLIENT_MISSING", reason: "acme needs the package acme-extra, which is not installed", hint: "npm install acme-client@2 acme-extra@1" });
  expect(client(without(["acme-client", "acme-extra"]))?.reason).toBe("acme needs the packages acme-client and acme-extra, which are not installed");
});

it("a package that is there, and cannot be imported by its name alone, is installed", () => {
  expect(client(() => { throw failure("ERR_PACKAGE_PATH_NOT_EXPORTED"); })).toBeUndefined();
});

it("the first hindrance counts; without any it is enabled", () => {
  const [disabled, planned] = [{ status: "disabled" } as const, plannedCapability("acme", "write a file")];
  expect(firstOf(undefined, disabled, planned)).toBe(disabled);
  expect(firstOf(undefined, planned)).toEqual({ status: "planned", code: "SF_COMPONENT_PLANNED", reason: "acme is not built yet", hint: "write a file" });
  expect(firstOf(undefined, undefined)).toEqual({ status: "enabled" });
});
