// What a package exports, and where each name is declared: read from the sources, whose index files list names.

import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { publishedPackages, root } from "./workspace.ts";

/** An exported name. */
export interface ExportedName {
  /** `@streamflow/core/testing`. */
  readonly entry: string;
  readonly name: string;
  /** From the root: the file that declares it. */
  readonly file: string;
  /** The text of that file. */
  readonly text: string;
  /** Where its declaration begins in the text; -1: not found. */
  readonly at: number;
}

/** All names of all entry points. */
export function exportedNames(): readonly ExportedName[] {
  return publishedPackages().flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports ?? {}).flatMap(([subpath, conditions]) => {
      const source = conditions?.["streamflow-source"];
      return source === undefined ? [] : namesOf(`${manifest.name}${subpath.slice(1)}`, normalize(join(folder, source)));
    }),
  );
}

function namesOf(entry: string, file: string): readonly ExportedName[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(([, names = "", from = ""]) => {
    const origin = normalize(join(dirname(file), from));
    const declared = readFileSync(join(root, origin), "utf8");
    return names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((item) => {
        const [local = "", exported = local] = item.split(" as ");
        return { entry, name: exported, file: origin, text: declared, at: declarationOf(declared, local) };
      });
  });
}

function declarationOf(text: string, name: string): number {
  return text.search(new RegExp(`^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|let|function\\*?) ${name.replaceAll("$", "\\$")}\\b`, "m"));
}

/** Whether a doc comment stands right before a place. */
export function hasDocComment(text: string, at: number): boolean {
  const before = text.slice(0, Math.max(0, at)).trimEnd();
  return before.endsWith("*/") && before.startsWith("/**", before.lastIndexOf("/*"));
}
