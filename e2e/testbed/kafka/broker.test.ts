import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { expect, inject, it } from "vitest";

const listeners = inject("kafkaListeners");

const portOf = ({ bootstrap }: { readonly bootstrap: string }): number => Number(bootstrap.split(":")[1]);

/** A request of Kafka's protocol, and what is answered behind its number. */
function ask(socket: Duplex, [kind, version]: readonly [number, number], body: Buffer): Promise<Buffer> {
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + body.length);
  head.writeInt16BE(kind, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(7, 8);
  head.writeInt16BE(-1, 12);
  socket.write(Buffer.concat([head, body]));
  return new Promise((resolve, reject) => {
    socket.once("data", (bytes: Buffer) => resolve(bytes.subarray(8))).once("error", reject).once("close", () => reject(new Error("closed")));
  });
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
const bytes = (value: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]);

/** The codes of Kafka: 0 is fine, 33 an unknown mechanism, 58 a wrong password. */
async function logIn(socket: Duplex, mechanism: string, first: string): Promise<{ readonly handshake: number; readonly mechanisms: readonly string[]; readonly code: number }> {
  const answer = await ask(socket, [17, 1], text(mechanism));
  const mechanisms: string[] = [];
  for (let at = 6; mechanisms.length < answer.readInt32BE(2); at += 2 + answer.readInt16BE(at)) mechanisms.push(answer.toString("utf8", at + 2, at + 2 + answer.readInt16BE(at)));
  const handshake = answer.readInt16BE(0);
  return { handshake, mechanisms, code: handshake === 0 ? (await ask(socket, [36, 0], bytes(first))).readInt16BE(0) : -1 };
}

async function versionsOver(options: ConnectionOptions): Promise<number> {
  const socket = connectTls({ host: "127.0.0.1", ...options });
  try {
    return (await ask(socket, [18, 0], Buffer.alloc(0))).readInt16BE(0);
  } finally {
    socket.destroy();
  }
}

it("users log in by PLAIN and SCRAM; a wrong password and other ways are refused", async () => {
  const { username, password } = listeners.sasl;
  const open = (): Duplex => connect(portOf(listeners.sasl), "127.0.0.1");
  const all = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
  const right = await logIn(open(), "PLAIN", `\0${username}\0${password}`);
  expect({ ...right, mechanisms: right.mechanisms.toSorted() }).toEqual({ handshake: 0, mechanisms: all, code: 0 });
  expect((await logIn(open(), "PLAIN", `\0${username}\0wrong`)).code).toBe(58);
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"]) {
    expect((await logIn(open(), mechanism, `n,,n=${username},r=nonce`)).code).toBe(0);
    expect((await logIn(open(), mechanism, "n,,n=nobody,r=nonce")).code).toBe(58);
  }
  expect((await logIn(open(), "GSSAPI", "")).handshake).toBe(33);
});

it("TLS: its certificate can be checked, and does not pass for that of another", async () => {
  const { ca } = listeners.tls;
  expect(await versionsOver({ port: portOf(listeners.tls), ca })).toBe(0);
  await expect(versionsOver({ port: portOf(listeners.tls) })).rejects.toThrow("self-signed");
  await expect(versionsOver({ port: portOf(listeners.tls), ca: listeners.mutualTls.cert })).rejects.toThrow("self-signed");
});

it("TLS with users: log in behind encryption", async () => {
  const { ca, username, password } = listeners.saslTls;
  const socket = connectTls({ host: "127.0.0.1", port: portOf(listeners.saslTls), ca });
  expect((await logIn(socket, "PLAIN", `\0${username}\0${password}`)).code).toBe(0);
});

it("mutual TLS: who has no certificate, or another one, is refused", async () => {
  const { ca, cert, key } = listeners.mutualTls;
  const port = portOf(listeners.mutualTls);
  expect(await versionsOver({ port, ca, cert, key })).toBe(0);
  await expect(versionsOver({ port, ca })).rejects.toThrow();
});
