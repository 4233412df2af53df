// The sinks of one executor: their ports made, their sessions opened.
import type { Environment } from "../contracts/environment.ts";
import type { Cursor } from "../contracts/operator.ts";
import type { RecordIdentity } from "../contracts/sink.ts";
import { type StreamFlowError, toStreamFlowError } from "../errors.ts";
import { hasBacklog } from "../plan/delivery.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { backlogged, drainBacklogs } from "./backlog.ts";
import type { DeliverOptions } from "./deliver.ts";
import type { RejectedOutput, RejectPort } from "./reject-port.ts";
import { SinkPort } from "./sink-port.ts";

/** What ports need of the executor. */
export interface SinkPortsOptions {
  readonly cursor: Cursor;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  reject(node: string, error: StreamFlowError, output: RejectedOutput): void;
}

/** What opening needs of it. */
export interface OpenSinksOptions extends Pick<SinkPortsOptions, "environment" | "signal"> {
  /** Takes a record that a target refuses at a commit. */
  readonly rejectCommitted: (node: string, error: StreamFlowError, value: unknown, identity: RecordIdentity) => void;
}

const maxHeldRecords = 65_536;
const maxAttempts = 8;

/** One port for every sink of the plan. */
export function sinkPorts(plan: PhysicalPlan, options: SinkPortsOptions): readonly SinkPort[] {
  const { cursor, environment, signal } = options;
  const ports: SinkPort[] = [];
  for (const { node } of plan.nodes) {
    if (node.kind !== "sink" || node.sink === undefined) continue;
    const sink = hasBacklog(plan.logical, node.id) ? backlogged(node.sink, plan) : node.sink;
    const reject: DeliverOptions["reject"] = (error, value, identity, about) => options.reject(node.id, error, { value, identity, ...about });
    const { clock, random } = environment;
    ports.push(new SinkPort({
      node: node.id, sink, cursor, maxHeldRecords,
      deliver: { capabilities: sink.capabilities, clock, random, signal, maxAttempts, reject },
    }));
  }
  return ports;
}

/** Opens all sinks. */
export async function openSinks(plan: PhysicalPlan, ports: readonly SinkPort[], { environment, signal, rejectCommitted }: OpenSinksOptions): Promise<void> {
  for (const port of ports) {
    const input = plan.nodes.find((entry) => entry.node.id === port.node)?.inputShapes[0];
    try {
      port.session = await port.sink.open({
        environment, signal, pipeline: plan.logical.config.name, node: port.node, schema: input?.schema, keyFields: input?.key?.fields,
        reject: (error, value, identity) => rejectCommitted(port.node, error, value, identity),
      });
    } catch (error) {
      throw toStreamFlowError(error, "SF_SINK_FAILED", `sink "${port.node}"`);
    }
  }
}

/** What finishing needs. */
export interface FinishOptions {
  readonly environment: Environment;
  readonly rejects: RejectPort;
  readonly end: "finished" | "stopped";
  readonly checkpoint: () => Promise<unknown>;
}

/** What is left to do behind the last commit: backlogs arrive, and what sinks have refused on the way is kept. */
export async function finishSinks(ports: readonly SinkPort[], { environment: { clock, logger }, rejects, end, checkpoint }: FinishOptions): Promise<void> {
  const bytes = await drainBacklogs(ports, clock, end);
  if (bytes !== undefined && bytes > 0) logger.warn("sinks have not taken all of their output; the next run sends what is left", { bytes });
  if (bytes === 0) {
    await checkpoint();
    await drainBacklogs(ports, clock, end);
  }
  await rejects.flush();
}

/** Closes all sinks, each after its write under way: what is opened again must not overlap with it. */
export async function closePorts(ports: readonly SinkPort[], { clock, logger }: Environment): Promise<void> {
  const close = async (port: SinkPort): Promise<void> => {
    if (!(await port.close(clock))) logger.warn("a sink's write does not heed its signal; it is left behind", { node: port.node });
  };
  await Promise.allSettled(ports.map(close));
}
