import { mayGenerateCode } from "@streamflow/core";
import { expect, it } from "vitest";
import { csvCase } from "./csv-case.fixture.ts";
import { hunt, remembered, type Fault } from "./faults.fixture.ts";

const mostRecords = 60_000;
const cases = remembered(csvCase);

const faults: readonly Fault[] = [
  ["a line end within quotes ends no field", /\(\(x\^572662306\)-0x01010101\)\|\(\(x\^168430090\)-0x01010101\)/g, "((x^572662306)-0x01010101)"],
  ["what stands behind a quote is not looked at", /if\(b\[i\]!==34\)break ok;(e\d+)=i;i\+\+;/g, "$1=i;i++;while(b[i]!==10&&b[i]!==13&&b[i]!==44)i++;"],
  ["too few fields are taken, with those of the next line", /if\(b\[i\]!==44\)break ok;i\+\+;/g, "i++;"],
  ["too many fields are taken", /if\(b\[i\]===13\)i\+\+;if\(b\[i\]!==10\)break ok;/g, "while(b[i]!==10)i++;"],
  ["a carriage return belongs to the last cell", /&&b\[i-1\]===13\?i-1:i/g, "?i:i"],
  ["a carriage return belongs to the record", /end=i>L&&b\[i-1\]===13\?i-1:i;/g, "end=i;"],
  ["a blank line is a record", /if\(end===s\|\|/g, "if("],
  ["a record may be one byte too long", /end-s>(\d+)/g, (_, most) => `end-s>${Number(most) + 1}`],
  ["a number beyond 32 bits is taken for one", /if\(\(v\d+\|0\)!==v\d+\)break ok;/g, ""],
  ["sixteen digits are read as fifteen are", /k<=15/g, "k<=17"],
  ["a sign is lost", /if\(g\)v\d+=[^;]*;/g, ""],
  ["whole numbers have a minus zero", /if\(g\)(v\d+)=0-v\d+;/g, "if(g)$1=-$1;"],
  ["a fraction has a digit more", /\/=P\[m\]/g, "/=P[m+1]"],
  ["all text is taken for ASCII", /ascii\?/g, "true?"],
  ["an empty cell is text where it may be null", /\?null:/g, "?\"\":"],
  ["empty text in quotes is null", /&&!q\d+\?null/g, "?null"],
  ["a value that does not convert is kept", /if\(v\d+===undefined\)break ok;/g, ""],
  ["the second column has the value of the first", /v1=/g, "v0="],
];

it.skipIf(!mayGenerateCode()).each(faults.map((fault) => [fault[0], fault] as const))("finds a scanner in which %s", (_, fault) => {
  const { planted, report } = hunt(fault, cases, mostRecords);
  expect(planted, "scanners with the fault: where there is none, its text is another now").toBeGreaterThan(0);
  expect(report.failure, `not found in ${report.records} records`).toBeDefined();
});
