// The load mode that mirrors a captured database into another one: known by name, behind the gate of streaming, not built yet.
import { type ComponentSpec, firstOf, gateCapability, plannedCapability, requireStreaming, type Sink, StreamFlowError } from "@streamflow/core";

const type = "cdc_mirror";
const instead = "write the changes of one table with the sink postgres, mode: upsert";

/** Names the mode, so that whoever asks for it hears what is the matter: the gate first. */
export const cdcMirror: ComponentSpec<"sink"> = {
  kind: "sink",
  type,
  summary: "Mirrors the tables of a captured database into another one. Not built yet: opening it fails with SF_COMPONENT_PLANNED.",
  fields: {},
  example: `type: ${type}\n`,
  capability: (environment) => firstOf(gateCapability(type, environment), plannedCapability(type, instead)),
  create: (): Sink => ({
    type,
    capabilities: { delivery: "at-least-once" },
    config: {},
    needs: { insertOnly: false },
    open: async ({ environment }) => {
      requireStreaming(type, environment);
      throw new StreamFlowError("SF_COMPONENT_PLANNED", `${type} is not built yet`, { hint: instead, context: { type } });
    },
  }),
};
