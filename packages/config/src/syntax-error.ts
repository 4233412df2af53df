// What is wrong with a text that is not YAML, in words for people who write pipelines.
import type { YAMLError } from "yaml";

/** A mistake of syntax as it is told. */
export interface SyntaxMistake {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Chooses and words what is told of the parser's errors: the first one, and tabs wherever they stand. After a mistake the parser has lost its
 * place, and most of what it says then only follows from that.
 */
export function syntaxMistakes(errors: readonly YAMLError[], text: string): readonly SyntaxMistake[] {
  return errors.filter(({ code }, index) => index === 0 || code === "TAB_AS_INDENT").map((error) => worded(error, text));
}

const sameColumn = "names of one mapping start in the same column";
const nameAndValue = `write name: value, with a space behind the colon; ${sameColumn}`;

/** By the beginning of what the parser says: its codes are too coarse. */
const wordings: readonly { readonly says: string; readonly message?: string; readonly hint: string }[] = [
  { says: "Tabs are not allowed", hint: "indent with spaces" },
  {
    says: "Nested mappings are not allowed",
    message: 'a second ": " in one value, or lines below that are indented more deeply than the name',
    hint: `${sameColumn}; a value with ": " in it needs quotes: where: "big ? a : b"`,
  },
  { says: "All mapping items must start", message: "the line does not start in the column of the names above it", hint: sameColumn },
  { says: "Implicit keys need to be on a single line", message: 'a name without ": " behind it, or a line that is indented differently from those above it', hint: nameAndValue },
  { says: "Implicit map keys need", message: 'a name without ": " behind it', hint: nameAndValue },
  { says: "Unexpected scalar at node end", message: "the value goes on behind its closing quote", hint: `put quotes around all of it: where: "city == 'Oslo'"` },
  { says: "Plain value cannot start", hint: "put the value in quotes" },
];

function worded({ code, message, pos }: YAMLError, text: string): SyntaxMistake {
  const [offset] = pos;
  if (code === "MULTIPLE_DOCS") return { offset, message: "expected one document, got several", hint: undefined };
  if (text.slice(offset - 1, offset + 1) === "${") return { offset, message: lowered(message), hint: 'inside { } and [ ] a reference needs quotes: "${NAME}"' };
  const wording = wordings.find(({ says }) => message.startsWith(says));
  return { offset, message: wording?.message ?? lowered(message), hint: wording?.hint };
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
