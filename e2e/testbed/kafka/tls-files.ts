// Certificates for the broker and for a client: each signed by itself, so that each side trusts exactly one. Made anew for every broker, by openssl.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inPath, provide } from "../debian.ts";

const run = promisify(execFile);

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface TlsFiles {
  readonly broker: Certificate;
  readonly client: Certificate;
  /** Key and certificate of the broker, as Kafka wants them: one file. */
  readonly keyStorePath: string;
  /** Whom the broker trusts. */
  readonly trustStorePath: string;
}

export async function makeTlsFiles(folder: string): Promise<TlsFiles> {
  const [broker, client] = await Promise.all([makeCertificate(folder, "broker"), makeCertificate(folder, "client")]);
  const [keyStorePath, trustStorePath] = [join(folder, "key-store.pem"), join(folder, "trust-store.pem")];
  writeFileSync(keyStorePath, broker.key + broker.cert);
  writeFileSync(trustStorePath, client.cert);
  return { broker, client, keyStorePath, trustStorePath };
}

async function makeCertificate(folder: string, name: string): Promise<Certificate> {
  const { program, env } = await provide({ name: "openssl", packages: ["openssl"], find: (root) => inPath("openssl", root) });
  const [keyPath, certPath] = [join(folder, `${name}-key.pem`), join(folder, `${name}-cert.pem`)];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  await run(program, ["req", "-x509", ...kind, ...names, "-keyout", keyPath, "-out", certPath], { env: { ...process.env, ...env } });
  return { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
}
