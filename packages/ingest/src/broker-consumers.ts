// The sources that follow message brokers, behind one gate (core/contracts/streaming-gate.ts): what names their brokers, and those that are known by name only.
import { type BrokerSetting, type ComponentSpec, firstOf, gateCapability, plannedCapability, requireBroker, type Source, StreamFlowError } from "@streamflow/core";

/** What names the broker of each kind, in pipelines and for the process. */
export const brokerSettings: Readonly<Record<"kafka_consumer" | "kinesis_consumer" | "pulsar_consumer", BrokerSetting>> = {
  kafka_consumer: { type: "kafka_consumer", field: "brokerList", variable: "FLOW_KAFKA_BROKERS", example: "host:9092,other:9092" },
  kinesis_consumer: { type: "kinesis_consumer", field: "streamArn", variable: "FLOW_KINESIS_STREAM_ARN", example: "arn:aws:kinesis:eu-west-1:123456789012:stream/orders" },
  pulsar_consumer: { type: "pulsar_consumer", field: "serviceUrl", variable: "FLOW_PULSAR_SERVICE_URL", example: "pulsar://host:6650" },
};

/** Of a consumer that is not built yet: it can be named and planned, and says what is missing when it is opened, the gate first. */
function planned(setting: BrokerSetting, { name, doc }: { readonly name: string; readonly doc: string }): ComponentSpec<"source"> {
  const { type, field, example } = setting;
  const instead = `run a consumer of ${name} beside StreamFlow, and give it the records: pushSource or iterableSource of @streamflow/ingest, or stdin`;
  return {
    kind: "source",
    type,
    summary: `Reads from ${name}. Not built yet: opening it fails with SF_COMPONENT_PLANNED.`,
    fields: { [field]: { type: { kind: "string" }, doc } },
    example: `type: ${type}\n${field}: ${example}\n`,
    capability: (environment) => firstOf(gateCapability(type, environment), plannedCapability(type, instead)),
    create: (config): Source => {
      const given = config[field] as string | undefined;
      return {
        type,
        followsBroker: true,
        capabilities: { replayable: true, bounded: false, deterministic: true },
        config: given === undefined ? {} : { [field]: given },
        open: async ({ environment }) => {
          requireBroker(setting, given, environment);
          throw new StreamFlowError("SF_COMPONENT_PLANNED", `${type} is not built yet`, { hint: instead, context: { type } });
        },
      };
    },
  };
}

export const plannedConsumers: readonly ComponentSpec[] = [
  planned(brokerSettings.kinesis_consumer, { name: "Kinesis", doc: "ARN of the stream. Without it, FLOW_KINESIS_STREAM_ARN of the process." }),
  planned(brokerSettings.pulsar_consumer, { name: "Pulsar", doc: "Service URL of the cluster. Without it, FLOW_PULSAR_SERVICE_URL of the process." }),
];
