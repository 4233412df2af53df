// The modules that a source file names: imports, re-exports, dynamic imports and import types.

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

const statements: readonly RegExp[] = [
  // import … from "x"; export … from "x"; also over several lines
  /(?<=^|;)[ \t]*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"'\n]+)["']/gm,
  // import "x";
  /(?<=^|;)[ \t]*import\s*["']([^"'\n]+)["']/gm,
  // import("x"), in code and in types
  /\bimport\(\s*["']([^"'\n]+)["']/g,
];

export function importsIn(source: string): Import[] {
  const code = blankComments(source);
  const found = statements.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: match[1] ?? "",
      line: code.slice(0, match.index + match[0].length).split("\n").length,
    })),
  );
  return found.sort((a, b) => a.line - b.line);
}

/** Comments become spaces, so that an example in a doc comment is no import; lines keep their numbers. */
function blankComments(source: string): string {
  return source
    .replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/^[ \t]*\/\/.*$/gm, "")
    .replaceAll(/[ \t]\/\/ .*$/gm, "");
}

/** `@scope/name/sub` → `@scope/name`; `name/sub` → `name`. */
export function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
