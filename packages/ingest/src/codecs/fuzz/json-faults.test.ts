import { mayGenerateCode } from "@streamflow/core";
import { expect, it } from "vitest";
import { corpusCase } from "./corpus-case.fixture.ts";
import { hunt, remembered, type Fault } from "./faults.fixture.ts";
import { jsonCase } from "./json-case.fixture.ts";

const mostRecords = 40_000;
const cases = remembered((seed) => (seed % 2 === 0 ? jsonCase(seed) : corpusCase(seed)));
/** Has the general reader misread: `value` is an expression over what it read. */
const misread = (value: string): string => `const R={value:null,read(i,w){const e=H.reader.read(i,w),v=H.reader.value;this.value=${value};return e;},readDigits(i){const e=H.reader.readDigits(i);this.value=H.reader.value;return e;}};`;
const reader = /const R=H\.reader;|const R=H\.reader,/g;
const readerThen = (value: string) => (found: string): string => (found.endsWith(";") ? misread(value) : `${misread(value)}const `);

/** Some are as small as a sign: none changes more than the meaning of a few records. */
const faults: readonly Fault[] = [
  ["four bytes of a gap are not compared", /&&dv\.getInt32\(i\+4,true\)===-?\d+/g, ""],
  ["the first bytes of a gap are not compared", /dv\.getInt32\(i\+0,true\)===-?\d+&&/g, ""],
  ["the last byte of a gap is not compared", /&&b\[i\+\d+\]===\d+/g, ""],
  ["a backslash ends no string", /\|\(\(x\^0x5c5c5c5c\)-0x01010101\)/g, ""],
  ["control characters are allowed in strings", /\(\(x\^0x02020202\)-0x21212121\)/g, "((x^0x22222222)-0x01010101)"],
  ["a string lacks its last byte", /(e\d+_\d+)=i;/g, "$1=i-1;"],
  ["a string begins a byte late", /(s\d+_\d+)=i;/g, "$1=i+1;"],
  ["all text is taken for ASCII", /ascii\?b\.latin1Slice/g, "true?b.latin1Slice"],
  ["zeros may lead", /if\(\(x&255\)===0&&\(z&0x8000\)===0\)break ok;/g, ""],
  ["sixteen digits are read as fifteen are", /(v\d+_\d+)=\1\*10000\+(\(t=[^;]*);i\+=4;(x=dv[^;]*;z=[^;]*;)if\(z===0\)break ok;/g, "$1=$1*10000+$2;i+=4;$3if(z===0){$1=$1*10000+$2;i+=4;$3if(z===0)break ok;}"],
  ["digits behind the first four are moved", /\*P10\[k\]/g, "*P10[k&1]"],
  ["a carriage return belongs to the record", /i-2/g, "i-1"],
  ["a record may be one byte too long", /if\(i-1-s>(\d+)\)/g, (_, most) => `if(i-1-s>${Number(most) + 1})`],
  ["the second layout goes on where the first gave up", /\}i=s;/g, "}"],
  ["a number beyond 32 bits is taken for one", /if\(\(v\d+_\d+\|0\)!==v\d+_\d+\)break ok;/g, ""],
  ["what is no number goes into a column of them", /if\(typeof v\d+_\d+!=="number"\)break ok;/g, ""],
  ["a value that does not convert is kept", /if\(v\d+_\d+===undefined\)break ok;/g, ""],
  ["the second leaf has the value of the first", /v(\d+)_1=/g, "v$1_0="],
  ["values are mixed up once another layout was learnt", /v(\d+)_1=/g, "v$1_0=", 2],
  ["a long number is rounded where digits count", /R\.readDigits\(i\)/g, "R.read(i,true)"],
  ["a sign is lost", reader, readerThen("typeof v==='number'?Math.abs(v):v")],
  ["a fraction is lost", reader, readerThen("typeof v==='number'?Math.trunc(v):v")],
  ["minus zero is zero", reader, readerThen("v===0?0:v")],
  ["an escaped line end is an n", reader, readerThen("typeof v==='string'?v.replaceAll('\\n','n'):v")],
  ["a lone surrogate is replaced", reader, readerThen("typeof v==='string'?v.toWellFormed():v")],
  ["null is the number before", /if\(v\d+_\d+===null\)V\d+\[n\]=0;else/g, ""],
  ["a number that is not there is that of a record before", /V\d+\[n\]=0;/g, ""],
  ["false is null", reader, readerThen("v===false?null:v")],
  ["a nested value is the one before", reader, readerThen("typeof v==='object'&&v!==null?(this.before??v):v;if(typeof v==='object')this.before=v")],
];

it.skipIf(!mayGenerateCode()).each(faults.map((fault) => [fault[0], fault] as const))("finds a scanner in which %s", (_, fault) => {
  const { planted, report } = hunt(fault, cases, mostRecords);
  expect(planted, "scanners with the fault: where there is none, its text is another now").toBeGreaterThan(0);
  expect(report.failure, `not found in ${report.records} records`).toBeDefined();
});
