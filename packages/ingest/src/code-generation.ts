// Whether functions may be made from text in this process (`--disallow-code-generation-from-strings`, a content security policy).

let allowed: boolean | undefined;

/** Asked once; where it is not allowed, every generated function has a plain counterpart with the same results. */
export function mayGenerateCode(): boolean {
  if (allowed === undefined) {
    try {
      // oxlint-disable-next-line no-new-func -- the test is whether it works
      allowed = new Function("return 1")() === 1;
    } catch {
      allowed = false;
    }
  }
  return allowed;
}

/** A name as it stands in an object literal: a plain `__proto__` would set the prototype. */
export function propertyName(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}
