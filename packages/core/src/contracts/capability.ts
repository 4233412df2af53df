// Whether a component can be used in this process, and if not, why: told before anything is opened.
import type { AnyErrorCode } from "../errors.ts";

/**
 * - `enabled`: it can be used.
 * - `unconfigured`: it can be used by pipelines that name their broker themselves: the process names none.
 * - `not-installed`: the package of its client is missing.
 * - `disabled`: it is switched off in this process.
 * - `planned`: its name is known, and it is not built yet.
 */
export type CapabilityStatus = "enabled" | "unconfigured" | "not-installed" | "disabled" | "planned";

/** What a component says of itself. */
export interface Capability {
  readonly status: CapabilityStatus;
  /** What opening it would fail with. */
  readonly code?: AnyErrorCode;
  /** Why it is not simply enabled, in one sentence. */
  readonly reason?: string;
  /** The next command or edit. */
  readonly hint?: string;
}

/** A package that a component loads when it opens. */
export interface ClientPackage {
  /** Of the component: `postgres`. */
  readonly type: string;
  /** All that it loads, as they are imported. */
  readonly packages: readonly string[];
  /** The command that installs them. */
  readonly install: string;
  /** `(name) => import.meta.resolve(name)` of the module that imports them: throws where one is missing, and loads nothing. */
  readonly resolve: (name: string) => unknown;
}

/** What is missing of the packages of a client; undefined: nothing. */
export function clientCapability({ type, packages, install, resolve }: ClientPackage): Capability | undefined {
  const missing = packages.filter((name) => !isInstalled(name, resolve));
  if (missing.length === 0) return undefined;
  const what = missing.length === 1 ? `the package ${missing[0]}, which is` : `the packages ${missing.join(" and ")}, which are`;
  return { status: "not-installed", code: "SF_CLIENT_MISSING", reason: `${type} needs ${what} not installed`, hint: install };
}

function isInstalled(name: string, resolve: (name: string) => unknown): boolean {
  try {
    resolve(name);
    return true;
  } catch (thrown) {
    // Whatever else is wrong with it, it is there.
    return (thrown as { readonly code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND";
  }
}

/** The first that stands in the way, else `enabled`: what `capability` of a component answers. */
export function firstOf(...hindrances: readonly (Capability | undefined)[]): Capability {
  return hindrances.find((hindrance) => hindrance !== undefined) ?? { status: "enabled" };
}

/** Of a component that is known by name only. */
export function plannedCapability(type: string, instead: string): Capability {
  return { status: "planned", code: "SF_COMPONENT_PLANNED", reason: `${type} is not built yet`, hint: instead };
}
