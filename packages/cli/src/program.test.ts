// docs/cli.md says what the command line takes: every command, argument, option, default and exit code, and nothing else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { exitCodeTable } from "./exit-codes.ts";
import { createProgram, type Handlers } from "./program.ts";

const nothing = (): Promise<void> => Promise.resolve();
const handlers: Handlers = { run: nothing, validate: nothing, explain: nothing, inspectCheckpoints: nothing, inspectState: nothing, listDeadLetters: nothing, countDeadLetters: nothing, replayDeadLetters: nothing, purgeDeadLetters: nothing, createSavepoint: nothing, listSavepoints: nothing, showSavepoint: nothing, copySavepoint: nothing, applySavepoint: nothing, deleteSavepoint: nothing, components: nothing, capabilities: nothing, schema: nothing };
const page = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");

/** Every command with its way from the root: `inspect state <pipeline>`. */
function commandsOf(command: Command, way: readonly string[] = []): readonly { readonly usage: string; readonly command: Command }[] {
  const here = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const own = command.commands.length === 0 ? [{ usage: [...way, ...here].join(" "), command }] : [];
  return [...own, ...command.commands.flatMap((child) => commandsOf(child, [...way, child.name()]))];
}

function rowsOf(command: Command): readonly string[] {
  return command.options.filter((option) => !["-h, --help", "--version"].includes(option.flags)).map((option) => {
    const given: unknown = option.defaultValueDescription ?? option.defaultValue;
    const fallback = given === undefined || given === true ? "–" : `\`${String(given)}\``;
    const choices = option.argChoices === undefined ? "" : ` (${option.argChoices.join(", ")})`;
    return `| \`${option.flags}\` | ${fallback} | ${option.description}${choices} |`;
  });
}

/** The part of the page under a heading. */
function sectionOf(heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  expect(start, `docs/cli.md has no "${heading}"`).toBeGreaterThan(0);
  const from = start + heading.length + 2;
  const end = page.slice(from).search(/\n## /);
  return end < 0 ? page.slice(from) : page.slice(from, from + end);
}

const optionRows = (section: string): readonly string[] => section.split("\n").filter((line) => line.startsWith("| `-"));

describe("docs/cli.md", () => {
  const program = createProgram(handlers, "0.0.0");
  const commands = commandsOf(program);

  it("has every command, and no other", () => {
    const headings = [...page.matchAll(/^## `streamflow (.*)`$/gm)].map(([, usage]) => usage);
    expect(headings).toEqual(commands.map(({ usage }) => usage));
  });

  it.each(commands)("has the options of $usage, with their defaults", ({ usage, command }) => {
    expect(optionRows(sectionOf(`## \`streamflow ${usage}\``))).toEqual(rowsOf(command));
  });

  it("has the options of every command", () => {
    expect(optionRows(sectionOf("## Options of every command"))).toEqual(rowsOf(program));
  });

  it("has the exit codes", () => {
    expect([...sectionOf("## Exit codes").matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => ({ code: Number(code), meaning }))).toEqual(exitCodeTable);
  });

  it("shows examples that the command line takes", async () => {
    const lines = [...page.matchAll(/^streamflow (.*)$/gm)].map(([, line = ""]) => line.replace(/ (>|\|) .*$/, "").split(" "));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const strict = createProgram(handlers, "0.0.0");
      const prepare = (command: Command): void => {
        command.exitOverride().configureOutput({ writeErr: () => undefined });
        command.commands.forEach(prepare);
      };
      prepare(strict);
      await expect(strict.parseAsync(line, { from: "user" }), line.join(" ")).resolves.toBeDefined();
    }
  });
});

describe("createProgram", () => {
  it("takes global options on either side of the command, and --set again and again", async () => {
    const seen: unknown[] = [];
    const keeping: Handlers = { ...handlers, run: async (file, options, globals) => void seen.push(file, options.set, globals.data, globals.json, globals.color) };
    await createProgram(keeping, "0.0.0").parseAsync(["--data", "d", "run", "p.yaml", "--json", "--set", "a=1", "--no-color", "--set", "b=x=y"], { from: "user" });
    expect(seen).toEqual(["p.yaml", { a: "1", b: "x=y" }, "d", true, false]);
  });

  it.each([["--limit", "0"], ["--limit", "-1"], ["--limit", "x"], ["--after", "1.5"]])("refuses %s %s", async (option, value) => {
    const program = createProgram(handlers, "0.0.0");
    const prepare = (command: Command): void => {
      command.exitOverride().configureOutput({ writeErr: () => undefined });
      command.commands.forEach(prepare);
    };
    prepare(program);
    await expect(program.parseAsync(["inspect", "dead-letters", "p", option, value], { from: "user" })).rejects.toThrow(/expected|argument missing/);
  });

  it("dead-letters: list is inspect dead-letters; purge takes one bound", async () => {
    const seen: unknown[] = [];
    const keeping: Handlers = { ...handlers, listDeadLetters: async (name, options) => void seen.push(name, options), purgeDeadLetters: async (name, options) => void seen.push(name, options) };
    for (const words of [["inspect", "dead-letters", "p", "--after", "3"], ["dead-letters", "list", "p", "--after", "3"], ["dead-letters", "purge", "p", "--through", "7"]]) await createProgram(keeping, "0.0.0").parseAsync(words, { from: "user" });
    expect(seen).toEqual(["p", { after: 3, limit: 20 }, "p", { after: 3, limit: 20 }, "p", { through: 7 }]);
  });
});
