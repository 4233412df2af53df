// The options of a connection as fields of a component: the same in the source and in the sink.
import type { ConfigField } from "@streamflow/core";

/** Fields of {@link KafkaConnection} for YAML. */
export const connectionFields: Readonly<Record<string, ConfigField>> = {
  brokerList: { type: { kind: "list", item: { kind: "string" } }, doc: "Some of the brokers, each host:port; the others are found through them.", required: true },
  clientId: { type: { kind: "string" }, doc: "What brokers call this client in their logs and quotas.", default: "streamflow" },
  driver: { type: { kind: "string", oneOf: ["platformatic", "kafkajs"] }, doc: "The client library: platformatic needs brokers of Kafka 4.0 or newer, kafkajs speaks to older ones as well.", default: "platformatic" },
  tls: {
    type: {
      kind: "either",
      options: [
        { kind: "boolean" },
        {
          kind: "object",
          fields: {
            ca: { type: { kind: "string" }, doc: "Certificates that the brokers' are signed by, PEM; those of Node without it." },
            cert: { type: { kind: "string" }, doc: "Certificate of the client, PEM." },
            key: { type: { kind: "string" }, doc: "Its key, PEM.", secret: true },
            serverName: { type: { kind: "string" }, doc: "Name that the brokers' certificate must have; the host without it." },
            rejectUnauthorized: { type: { kind: "boolean" }, doc: "Whether a certificate that nobody known has signed is refused.", default: true },
          },
        },
      ],
    },
    doc: "TLS; true: by the certificates of Node.",
  },
  sasl: {
    type: {
      kind: "object",
      fields: {
        mechanism: { type: { kind: "string", oneOf: ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] }, doc: "How the client says who it is.", required: true },
        username: { type: { kind: "string" }, doc: "Name of the user; not for oauthbearer." },
        password: { type: { kind: "string" }, doc: "The password; not for oauthbearer.", secret: true },
        token: { type: { kind: "string" }, doc: "The token, for oauthbearer.", secret: true },
      },
    },
    doc: "Who the client is.",
  },
  connectTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long connecting may take.", default: "10s" },
  requestTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long a broker may take to answer.", default: "30s" },
};
