import { expect, it } from "vitest";
import { Serial } from "./serial.ts";

it("runs tasks of one name one after another in the order given, those of other names beside them, and goes on after a failure", async () => {
  const serial = new Serial();
  const log: string[] = [];
  const task = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await Promise.resolve();
    await Promise.resolve();
    log.push(`${name} ends`);
    if (name === "a1") throw new Error("a1");
    return name;
  };
  const [a1, a2, b] = [serial.run("a", task("a1")), serial.run("a", task("a2")), serial.run("b", task("b"))];
  await expect(a1).rejects.toThrow("a1");
  expect(await Promise.all([a2, b])).toEqual(["a2", "b"]);
  await serial.settled();
  expect(log.indexOf("b begins")).toBeLessThan(log.indexOf("a1 ends"));
  expect(log.filter((line) => line.startsWith("a"))).toEqual(["a1 begins", "a1 ends", "a2 begins", "a2 ends"]);
});
