import { expect, it } from "vitest";
import { help, readArguments } from "./arguments.ts";

it("has every option in its help", () => {
  for (const option of ["--sink", "--checkpoint-store", "--kills", "--seed", "--json", "--partition-revocations"]) expect(help).toContain(option);
  expect(readArguments(["--help"], () => 5)).toBeUndefined();
});

it("takes names by commas, and a seed of the clock", () => {
  expect(readArguments(["--sink", "files,sqlite", "--checkpoint-store", "sqlite", "--kills", "7", "--seed", "3", "--json", "--partition-revocations"], () => 5)).toEqual({ sinks: ["files", "sqlite"], stores: ["sqlite"], kills: 7, seed: 3, json: true, moving: true });
  expect(readArguments([], () => 5)).toMatchObject({ kills: 100, seed: 5, json: false, moving: false, stores: ["files", "sqlite", "postgres"] });
});

it.each([["--sink", "paper", 'no "paper"'], ["--checkpoint-store", "", 'no ""'], ["--kills", "0", "from 1 on"], ["--seed", "x", "from 0 on"]])("refuses %s %s", (option, value, message) => {
  expect(() => readArguments([option, value], () => 5)).toThrow(message);
});
