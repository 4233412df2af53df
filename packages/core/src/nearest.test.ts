import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

it("answers the known name within a third of its length, whatever the case", () => {
  expect(nearest("delai", ["delay", "origin"])).toBe("delay");
  expect(nearest("ORIGIN", ["delay", "origin"])).toBe("origin");
  expect(nearest("x", ["y", "abc"])).toBe("y");
});

it("counts two swapped neighbours as one slip", () => {
  expect(nearest("tabel", ["table", "origin"])).toBe("table");
  expect(nearest("checkpiont", ["checkpoint"])).toBe("checkpoint");
  expect(nearest("kafak", ["kafka"])).toBe("kafka");
});

it("answers nothing where no name is near", () => {
  expect(nearest("price", ["delay", "origin"])).toBeUndefined();
  expect(nearest("price", [])).toBeUndefined();
});
