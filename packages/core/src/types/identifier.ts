// Which names can be written without quotes.

const pattern = /^[A-Za-z$_][A-Za-z0-9$_]*$/;

/** Whether a name can be written without quotes, in types and behind a dot in expressions. */
export function isIdentifier(name: string): boolean {
  return pattern.test(name);
}
