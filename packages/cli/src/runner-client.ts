// Asks a runner over HTTP.
import { request } from "node:http";
import { StreamFlowError, toStreamFlowError, type AnyErrorCode } from "@streamflow/core";

/** Answers of the runner are small. */
const maxAnswerBytes = 1 << 20;

/**
 * Sends a command to a runner, and answers the body of what it says.
 * @param address `http://127.0.0.1:8080`, or `unix:/run/streamflow.sock`
 * @throws {@link StreamFlowError} the runner's own error; SF_CONFIG_INVALID where the address is none, or nobody answers there as a runner does
 */
export async function askRunner(address: string, path: string): Promise<unknown> {
  const { status, text } = await post(address, path);
  const body = parsed(text);
  if (status < 300 && body !== undefined) return body;
  const { code, message, hint } = ((body as { readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string } } | undefined)?.error ?? {});
  if (code === undefined || message === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `what answers at ${address} is no runner: status ${status}`, { hint: "the address that streamflow-runner listens on" });
  throw new StreamFlowError(code as AnyErrorCode, message, hint === undefined ? {} : { hint });
}

function post(address: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(toStreamFlowError(cause, "SF_CONFIG_INVALID", `no runner answers at ${address}`));
    const sent = request({ ...targetOf(address), path, method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
        if (text.length > maxAnswerBytes) response.destroy();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", fail);
    });
    sent.on("error", fail);
    sent.end();
  });
}

function targetOf(address: string): { readonly socketPath: string } | { readonly host: string; readonly port: string } {
  if (address.startsWith("unix:")) return { socketPath: address.slice("unix:".length) };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "http:") return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? "80" : url.port };
  throw new StreamFlowError("SF_CONFIG_INVALID", `"${address}" is not the address of a runner`, { hint: "http://127.0.0.1:8080, or unix:/path/of/its.sock" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
