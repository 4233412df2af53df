// What a broker listens on: one port for each way to connect, so that every option of a client has something to be right or wrong about.
import { propertiesOf, type Settings } from "./settings.ts";
import type { Certificate, TlsFiles } from "./tls-files.ts";

/** Who may log in by name: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512. Others are refused. */
export const saslUser = { username: "alice", password: "wonderland" } as const;

type Login = typeof saslUser;
interface Address {
  /** `127.0.0.1:port` */
  readonly bootstrap: string;
}

/** Where and how one can connect beside the plain listener. `ca` is what the client must trust. */
export interface KafkaListeners {
  readonly sasl: Address & Login;
  readonly tls: Address & { readonly ca: string };
  readonly saslTls: Address & Login & { readonly ca: string };
  /** The client must show this certificate. */
  readonly mutualTls: Address & Certificate & { readonly ca: string };
}

const protocols = { PLAIN: "PLAINTEXT", SASL: "SASL_PLAINTEXT", TLS: "SSL", SASL_TLS: "SASL_SSL", MUTUAL_TLS: "SSL", CONTROLLER: "PLAINTEXT" } as const;
export const listenerCount: number = Object.keys(protocols).length;

/** What the broker is told of its listeners, and what clients are; ports in the order of the names. */
export function listenersOn(ports: readonly number[], tls: TlsFiles): { readonly bootstrap: string; readonly port: number; readonly listeners: KafkaListeners; readonly settings: Settings } {
  const names = Object.keys(protocols) as readonly (keyof typeof protocols)[];
  const addresses = Object.fromEntries(names.map((name, index) => [name, `127.0.0.1:${ports[index]}`])) as Readonly<Record<keyof typeof protocols, string>>;
  const all = names.map((name) => `${name}://${addresses[name]}`);
  const ca = tls.broker.cert;
  return {
    bootstrap: addresses.PLAIN,
    port: ports[0] ?? 0,
    listeners: {
      sasl: { bootstrap: addresses.SASL, ...saslUser },
      tls: { bootstrap: addresses.TLS, ca },
      saslTls: { bootstrap: addresses.SASL_TLS, ca, ...saslUser },
      mutualTls: { bootstrap: addresses.MUTUAL_TLS, ca, ...tls.client },
    },
    settings: {
      listeners: all.join(","),
      "advertised.listeners": all.slice(0, -1).join(","),
      "controller.quorum.voters": `1@${addresses.CONTROLLER}`,
      "listener.security.protocol.map": names.map((name) => `${name}:${protocols[name]}`).join(","),
      ...saslSettings("sasl"), ...saslSettings("sasl_tls"),
      ...tlsSettings("tls", tls), ...tlsSettings("sasl_tls", tls), ...tlsSettings("mutual_tls", tls),
      "listener.name.mutual_tls.ssl.client.auth": "required",
    },
  };
}

function saslSettings(listener: string): Settings {
  const { username, password } = saslUser;
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  return propertiesOf(`listener.name.${listener}`, {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    "scram-sha-256.sasl.jaas.config": scram,
    "scram-sha-512.sasl.jaas.config": scram,
  });
}

function tlsSettings(listener: string, { keyStorePath, trustStorePath }: TlsFiles): Settings {
  return propertiesOf(`listener.name.${listener}.ssl`, { "keystore.type": "PEM", "keystore.location": keyStorePath, "truststore.type": "PEM", "truststore.location": trustStorePath });
}
