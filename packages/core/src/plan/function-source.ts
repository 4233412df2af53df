// What the text of a user's function proves about it (docs/adr/0010): which fields of its record it can see, and which of its answer are fields of the record as they stand.
// Whatever is not of the small shape known here is no error: nothing is known then.

/** What is known of a function that is given one record. */
export interface FunctionFacts {
  /** The only fields that it can see. */
  readonly reads: ReadonlySet<string>;
  /** The fields of its answer in order, where it is always a new object of them. */
  readonly names: readonly string[] | undefined;
  /** By field of the answer: a field of the record that goes there as it is, and nowhere else. */
  readonly carried: ReadonlyMap<string, string>;
}

/** As it was before anybody could replace it. */
// oxlint-disable-next-line typescript/unbound-method -- it is bound to each function that it is called with
const textOf = Function.prototype.call.bind(Function.prototype.toString) as (given: unknown) => string;

/** A longer function is not looked at. */
const maxText = 4_000;

const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const number = /\d[\w.]*/y;
const string = /"[^"\\\n\r]*"|'[^'\\\n\r]*'/y;
const space = /(?:[\s\uFEFF]|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)+/y;
const lineEnd = /[\n\r\u2028\u2029]/;
const sign = />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[-{}()[\];,<>+*/%&|^!~?:=.]/y;

/** Signs that change what stands beside them. */
const changing: ReadonlySet<string> = new Set(["=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**=", "<<=", ">>=", ">>>=", "&&=", "||=", "??="]);
/** Words behind which a "/" may begin a pattern, or that make what is behind a ")" a statement; and words that reach variables by other ways than their names. */
const unknownWords: ReadonlySet<string> = new Set(["if", "while", "for", "with", "do", "else", "case", "return", "typeof", "instanceof", "in", "of", "void", "throw", "yield", "await", "new", "delete", "function", "class", "async", "eval", "arguments"]);
const nothing: ReadonlyMap<string, string> = new Map();

type Kind = "word" | "number" | "string" | "sign";

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** What the text of a function proves; undefined: nothing. */
export function factsOf(given: (record: never) => unknown): FunctionFacts | undefined {
  const text = textOf(given);
  if (text.length > maxText) return undefined;
  return factsOfArrow(tokensOf(text));
}

function factsOfArrow({ tokens, isWhole }: Tokens): FunctionFacts | undefined {
  const arrow = tokens.findIndex(({ text }) => text === "=>");
  const body = isWhole ? tokens.slice(arrow + 1) : undefined;
  const parameter = tokens.slice(0, Math.max(0, arrow));
  const inner = parameter[0]?.text === "(" && parameter.at(-1)?.text === ")" ? parameter.slice(1, -1) : parameter;
  const [first] = inner;
  if (first?.kind === "word" && inner.length === 1) return unknownWords.has(first.text) ? undefined : factsOfNamed(first.text, body);
  const fields = inner === parameter ? undefined : fieldsOfPattern(inner);
  return fields === undefined ? undefined : factsOfPattern(fields, body);
}

/** `(record) => …`: the record goes nowhere but into accesses of its fields. */
function factsOfNamed(name: string, body: readonly Token[] | undefined): FunctionFacts | undefined {
  if (body === undefined || !isPlain(body)) return undefined;
  const reads: string[] = [];
  for (const [at, { kind, text }] of body.entries()) {
    if (kind !== "word" || text !== name || isMember(body, at)) continue;
    const [dot, field, behind] = [body[at + 1]?.text, body[at + 2], body[at + 3]?.text];
    if ((dot !== "." && dot !== "?.") || field?.kind !== "word" || behind === "?." || isCalled(body, at + 3)) return undefined;
    reads.push(field.text);
  }
  const isOnce = (field: string): boolean => reads.filter((read) => read === field).length === 1;
  return { reads: new Set(reads), ...answerOf(body, ([record, , field, ...rest]) => (record?.text === name && field?.kind === "word" && rest.length === 0 && isOnce(field.text) ? field.text : undefined)) };
}

/** A call, also of what stands in parentheses: either hands the record on as `this`. */
function isCalled(tokens: readonly Token[], from: number): boolean {
  let at = from;
  while (tokens[at]?.text === ")") at++;
  return tokens[at]?.text === "(" || tokens[at]?.text === "?.";
}

/** `({ field, other: name }) => …`: the record has no name, and its fields are variables of the function. */
function factsOfPattern(fields: ReadonlyMap<string, string>, body: readonly Token[] | undefined): FunctionFacts {
  const reads = new Set(fields.values());
  if (body === undefined || !isPlain(body)) return { reads, names: undefined, carried: nothing };
  const isOnce = (variable: string): boolean => body.filter(({ kind, text }, at) => kind === "word" && text === variable && !isMember(body, at) && !isNameOfProperty(body, at)).length === 1;
  return { reads, ...answerOf(body, ([variable, ...rest]) => (variable?.kind === "word" && rest.length === 0 && isOnce(variable.text) ? fields.get(variable.text) : undefined)) };
}

/** Fields by the variables that they are; undefined: it is not a flat list of names. */
function fieldsOfPattern(tokens: readonly Token[]): ReadonlyMap<string, string> | undefined {
  const entries = entriesOf(tokens);
  if (entries === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const { name, value } of entries) {
    const [variable] = value;
    if (value.length !== 1 || variable?.kind !== "word") return undefined;
    fields.set(variable.text, name);
  }
  // A field under two names would be looked at by the other one.
  return new Set(fields.values()).size === entries.length ? fields : undefined;
}

/** The answer of a body that is one object literal in parentheses. `carries`: the field of the record that a value is, and that stands nowhere else. */
function answerOf(body: readonly Token[], carries: (value: readonly Token[]) => string | undefined): Pick<FunctionFacts, "names" | "carried"> {
  const entries = body[0]?.text === "(" && body.at(-1)?.text === ")" ? entriesOf(body.slice(1, -1)) : undefined;
  const names = entries?.map(({ name }) => name);
  if (entries === undefined || names === undefined || new Set(names).size !== names.length || names.some((name) => name === "__proto__" || /^\d/.test(name))) return { names: undefined, carried: nothing };
  const carried = new Map<string, string>();
  for (const { name, value } of entries) {
    const field = carries(value);
    if (field !== undefined) carried.set(name, field);
  }
  return { names, carried };
}

interface Entry {
  readonly name: string;
  readonly value: readonly Token[];
}

/** The entries of `{ a, b: …, "c": … }`; undefined: it is something else, or has entries of other kinds. */
function entriesOf(tokens: readonly Token[]): readonly Entry[] | undefined {
  const parts = partsOf(tokens);
  if (parts?.at(-1)?.length === 0) parts.pop();
  const entries = parts?.map(entryOf);
  return entries?.every((entry) => entry !== undefined) === true ? entries : undefined;
}

function entryOf(part: readonly Token[]): Entry | undefined {
  const [name, colon, ...value] = part;
  if (name === undefined || name.kind === "number" || name.kind === "sign") return undefined;
  if (colon === undefined) return name.kind === "word" ? { name: name.text, value: part } : undefined;
  return colon.text === ":" && value.length > 0 ? { name: name.kind === "word" ? name.text : name.text.slice(1, -1), value } : undefined;
}

/** What stands between the commas of one pair of braces that holds everything. */
function partsOf(tokens: readonly Token[]): Token[][] | undefined {
  if (tokens[0]?.text !== "{" || tokens.at(-1)?.text !== "}") return undefined;
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens.slice(1, -1)) {
    if (isSign(token, "([{")) depth++;
    if (isSign(token, ")]}") && --depth < 0) return undefined;
    if (depth === 0 && isSign(token, ",")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function isSign({ kind, text }: Token, among: string): boolean {
  return kind === "sign" && text.length === 1 && among.includes(text);
}

/** Nothing is assigned but in declarations, no variable is reached but by its name, and each "/" is a division. */
function isPlain(body: readonly Token[]): boolean {
  return body.every(({ kind, text }, at) => {
    if (kind === "word") return !unknownWords.has(text) || isMember(body, at) || isNameOfProperty(body, at);
    if (kind !== "sign" || !changing.has(text)) return true;
    return text === "=" && body[at - 1]?.kind === "word" && ["const", "let"].includes(body[at - 2]?.text ?? "");
  });
}

/** The field of something, not a variable. */
function isMember(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text;
  return before === "." || before === "?.";
}

function isNameOfProperty(tokens: readonly Token[], at: number): boolean {
  return tokens[at + 1]?.text === ":" && (tokens[at - 1]?.text === "{" || tokens[at - 1]?.text === ",");
}

/** The words and signs of a text, up to what is not known here. */
interface Tokens {
  readonly tokens: readonly Token[];
  readonly isWhole: boolean;
}

function tokensOf(text: string): Tokens {
  const tokens: Token[] = [];
  let before: Token | undefined;
  for (let at = lengthAt(space, text, 0); at < text.length; ) {
    const token = tokenAt(text, at, before);
    if (token === undefined) return { tokens, isWhole: false };
    tokens.push(token);
    at += token.text.length;
    const gap = lengthAt(space, text, at);
    // Behind the end of a line that ends a statement, a "/" begins a pattern.
    before = lineEnd.test(text.slice(at, at + gap)) ? undefined : token;
    at += gap;
  }
  // In an old script each begins a comment.
  return { tokens, isWhole: !text.includes("<!--") && !text.includes("-->") };
}

function tokenAt(text: string, at: number, before: Token | undefined): Token | undefined {
  for (const [kind, pattern] of [["word", word], ["number", number], ["string", string], ["sign", sign]] as const) {
    const length = lengthAt(pattern, text, at);
    if (length === 0) continue;
    const token = { kind, text: text.slice(at, at + length) };
    return token.text.startsWith("/") && kind === "sign" && !mayBeDivided(before) ? undefined : token;
  }
  return undefined;
}

/** Behind a value on the same line a "/" divides; elsewhere it may begin a pattern. */
function mayBeDivided(before: Token | undefined): boolean {
  return before !== undefined && (before.kind === "word" || before.kind === "number" || before.text === ")" || before.text === "]");
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
