// Where requests go: URL and headers, of constants and of fields of the record.
import { StreamFlowError } from "@streamflow/core";
import { withoutQuery } from "./http-client.ts";
import { inHeader, inUrl, type Template, template } from "./template.ts";

/** What targets are made of. */
export interface TargetOptions {
  readonly url: string | ((value: unknown) => string);
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a record goes. */
export interface HttpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The same for records that may go together. */
  readonly name: string;
}

/** Finds where records go. */
export class Targets {
  readonly #url: (value: unknown) => string;
  readonly #headers: readonly (readonly [string, Template])[];
  readonly #constant: HttpTarget | undefined;

  constructor({ url, headers = {} }: TargetOptions) {
    this.#headers = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), template(text, `header "${name}" of an http sink`, inHeader)] as const);
    const isConstant = this.#headers.every(([, value]) => value.isConstant);
    if (typeof url !== "string") {
      this.#url = (value) => checkedUrl(url(value), "SF_CODEC_ENCODE");
      return;
    }
    const made = template(url, "the URL of an http sink", inUrl);
    const [one, other] = ["a", "b"].map((text) => checkedUrl(url.replaceAll(/\{[^{}]+\}/g, text), "SF_CONFIG_INVALID"));
    if (new URL(one ?? "").origin !== new URL(other ?? "").origin) throw new StreamFlowError("SF_CONFIG_INVALID", `http sink: a field of a record may not choose the host: ${withoutQuery(url)}`);
    this.#url = (value) => made.render(value);
    if (made.isConstant && isConstant) this.#constant = this.#of(undefined);
  }

  of(value: unknown): HttpTarget {
    return this.#constant ?? this.#of(value);
  }

  #of(value: unknown): HttpTarget {
    const url = this.#url(value);
    const headers = Object.fromEntries(this.#headers.map(([name, made]) => [name, made.render(value)]));
    return { url, headers, name: JSON.stringify([url, headers]) };
  }
}

function checkedUrl(text: string, code: "SF_CONFIG_INVALID" | "SF_CODEC_ENCODE"): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) throw new StreamFlowError(code, `http sink: not an http or https URL: ${JSON.stringify(withoutQuery(String(text)))}`);
  if (url.username !== "" || url.password !== "") throw new StreamFlowError(code, "http sink: a URL may not hold a user or a password", { hint: 'give it a header: headers: { authorization: "Basic …" }' });
  return text;
}
