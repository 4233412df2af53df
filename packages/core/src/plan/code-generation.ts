// Functions made from text, where the process allows it (`--disallow-code-generation-from-strings`, a content security policy).
//   Each has a plain counterpart with the same results. Nothing of a record or of a user's text may become code: names are quoted.

let allowed: boolean | undefined;

/** Whether this process may generate code from strings. Asked once. */
export function mayGenerateCode(): boolean {
  if (allowed !== undefined) return allowed;
  try {
    allowed = generatedFunction([], "return true;")() === true;
  } catch {
    allowed = false;
  }
  return allowed;
}

/** Makes `mayGenerateCode` answer false, as in a process that disallows it; for tests that hold closures and code to one result. */
export function forbidCodeGeneration(isForbidden: boolean): void {
  allowed = isForbidden ? false : undefined;
}

/** A function of its own: the engine of JavaScript learns about its call sites apart from those of all others. */
export function generatedFunction(parameters: readonly string[], body: string): (...values: readonly unknown[]) => unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- the callers keep foreign text out of it, and check mayGenerateCode
  return new Function(...parameters, `"use strict"; ${body}`) as (...values: readonly unknown[]) => unknown;
}

/** A name as it stands in an object literal: a plain `__proto__` would set the prototype. */
export function propertyName(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}
