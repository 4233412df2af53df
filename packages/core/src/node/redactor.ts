// Keeps secret values out of logs.

/** Shorter values are left alone: replacing every "1" would destroy the log and protect nothing. */
const shortestSecret = 4;
const mask = "[secret]";

/** A growing set of secret values and the replacement of their every occurrence. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  /** From now on `value` is replaced, as it is and as it looks inside a URL or a JSON text. Values shorter than 4 characters are not. */
  add(value: string): void {
    if (value.length < shortestSecret || this.#secrets.has(value)) return;
    for (const form of [value, encoded(value), JSON.stringify(value).slice(1, -1)]) this.#secrets.add(form);
    // The longest first, so that a secret inside another one does not leave the rest of it behind.
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(longestFirst.map((s) => s.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)).join("|"), "g");
  }

  redact(text: string): string {
    return this.#pattern === undefined ? text : text.replaceAll(this.#pattern, mask);
  }
}

function encoded(value: string): string {
  // A lone surrogate cannot be encoded.
  return encodeURIComponent(value.toWellFormed());
}
