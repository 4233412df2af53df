// Where mistakes are collected while a text is read.
import { StreamFlowError, type AnyErrorCode } from "@streamflow/core";
import { Redactor } from "@streamflow/core/node";
import { ConfigError, maxDiagnostics, type Diagnostic } from "./diagnostic.ts";
import type { Place } from "./place.ts";

/** Mistakes of one text, and the secrets that none of them may name. */
export class Problems {
  readonly file: string | undefined;
  readonly secrets: Redactor;
  readonly #found: Diagnostic[] = [];

  constructor(file: string | undefined, secrets: Redactor = new Redactor()) {
    this.file = file;
    this.secrets = secrets;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  get found(): readonly Diagnostic[] {
    return this.#found;
  }

  /** Notes a mistake at a place and a path. */
  add(place: Place, path: string, message: string, hint?: string): void {
    this.addAs("SF_CONFIG_INVALID", { place, path }, { message, hint });
  }

  /** Notes a mistake under a code of its own. */
  addAs(code: AnyErrorCode, at: { readonly place: Place; readonly path: string }, text: { readonly message: string; readonly hint: string | undefined }): void {
    const { line, column } = at.place;
    const location = { ...(this.file === undefined ? {} : { file: this.file }), line, column, ...(at.path === "" ? {} : { path: at.path }) };
    this.#found.push({ code, message: text.message, location, ...(text.hint === undefined ? {} : { hint: text.hint }) });
  }

  /** Notes what a component or an expression parser has thrown. */
  addThrown(thrown: unknown, at: { readonly place: Place; readonly path: string }): void {
    if (StreamFlowError.is(thrown)) this.addAs(thrown.code, at, { message: thrown.message, hint: thrown.hint });
    else this.addAs("SF_INTERNAL", at, { message: thrown instanceof Error ? thrown.message : String(thrown), hint: undefined });
  }

  /** Takes over the mistakes of a trial. */
  addAll(found: readonly Diagnostic[]): void {
    this.#found.push(...found);
  }

  /** Throws where anything was noted. */
  throwIfAny(): void {
    if (this.any) throw this.toError();
  }

  /** Everything that was noted as one error: in the order of the text, without secrets. */
  toError(): ConfigError {
    const ordered = this.#found.toSorted((a, b) => (a.location.line ?? 0) - (b.location.line ?? 0) || (a.location.column ?? 0) - (b.location.column ?? 0));
    return new ConfigError(ordered.slice(0, maxDiagnostics).map((one) => this.#withoutSecrets(one)));
  }

  #withoutSecrets(one: Diagnostic): Diagnostic {
    const { path } = one.location;
    return {
      ...one,
      message: this.secrets.redact(one.message),
      ...(one.hint === undefined ? {} : { hint: this.secrets.redact(one.hint) }),
      location: { ...one.location, ...(path === undefined ? {} : { path: this.secrets.redact(path) }) },
    };
  }
}
