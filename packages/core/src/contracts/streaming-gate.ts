// One switch for everything that follows a message broker: off unless somebody who runs the process has said so.
//   GAT-1. Only the text "true" switches it on: not "1", not "TRUE", not " true".
//   GAT-2. Off, a gated component fails with SF_STREAMING_DISABLED, whatever else of it is wrong; on, without a broker, with SF_BROKER_UNCONFIGURED. Neither is tried again.
//   GAT-3. It is asked when a component is opened, never when a plan is built: what a pipeline means does not depend on where it is looked at.
import { StreamFlowError } from "../errors.ts";
import type { Capability } from "./capability.ts";
import type { Environment } from "./environment.ts";

/** The variable that switches streaming on. */
export const streamingVariable = "FLOW_STREAMING_ENABLED";

/** What a gated component needs to know before it can connect. */
export interface BrokerSetting {
  /** The type that pipelines name: `kafka_consumer`. */
  readonly type: string;
  /** The field that names the broker: `brokerList`. */
  readonly field: string;
  /** The variable of the process that is taken where a pipeline does not give the field. */
  readonly variable: string;
  /** What one could write. */
  readonly example: string;
}

/** Whether this process may follow brokers. */
export function isStreamingEnabled({ settings }: Pick<Environment, "settings">): boolean {
  return settings?.get(streamingVariable) === "true";
}

/**
 * Ends the opening of a gated component where streaming is off.
 *
 * @param type Of the component: `kafka_consumer`, `cdc_mirror`.
 * @throws {@link StreamFlowError} SF_STREAMING_DISABLED
 */
export function requireStreaming(type: string, environment: Pick<Environment, "settings">): void {
  if (!isStreamingEnabled(environment)) throw new StreamFlowError("SF_STREAMING_DISABLED", disabledMessage(type), { hint: disabledHint, context: { type } });
}

/**
 * The broker of a gated component: what the pipeline says, else what the process says.
 *
 * @throws {@link StreamFlowError} SF_STREAMING_DISABLED; SF_BROKER_UNCONFIGURED where neither names one
 */
export function requireBroker(setting: BrokerSetting, given: string | undefined, environment: Pick<Environment, "settings">): string {
  requireStreaming(setting.type, environment);
  const broker = [given, environment.settings?.get(setting.variable)].find((value) => value !== undefined && value.trim() !== "");
  if (broker === undefined) throw new StreamFlowError("SF_BROKER_UNCONFIGURED", unconfiguredMessage(setting), { hint: unconfiguredHint(setting), context: { type: setting.type } });
  return broker;
}

/** What `streamflow capabilities` says of the gate; undefined: it is open. */
export function gateCapability(type: string, environment: Pick<Environment, "settings">): Capability | undefined {
  return isStreamingEnabled(environment) ? undefined : { status: "disabled", code: "SF_STREAMING_DISABLED", reason: disabledMessage(type), hint: disabledHint };
}

/** What `streamflow capabilities` says of a broker; undefined: the process names one. */
export function brokerCapability(setting: BrokerSetting, { settings }: Pick<Environment, "settings">): Capability | undefined {
  if ((settings?.get(setting.variable) ?? "").trim() !== "") return undefined;
  return { status: "unconfigured", code: "SF_BROKER_UNCONFIGURED", reason: unconfiguredMessage(setting), hint: unconfiguredHint(setting) };
}

const disabledHint = `set ${streamingVariable}=true (exactly so) for the process that runs pipelines, and start it again`;

function disabledMessage(type: string): string {
  return `${type}: streaming is disabled in this process`;
}

function unconfiguredMessage({ type }: BrokerSetting): string {
  return `${type}: streaming is enabled, but no broker is configured`;
}

function unconfiguredHint({ field, variable, example }: BrokerSetting): string {
  return `give ${field} in the pipeline, or set ${variable}=${example}`;
}
