// Code that writes whole numbers as digits, in line: a generated writer of many columns would call functions for them, more than V8 puts in line itself.
import { fourDigits, writeWhole } from "./write-number.ts";

/** Variables that the code uses. */
export const numberVariables = "w=0,x=0,d=0,q=0,z=0,h=0";

/** How the code is written. */
export interface NumberCodeOptions {
  readonly bind: (value: unknown) => string;
  /**
   * Names the variables in which the upper digits of a long number are kept for the next one: times of a stream differ in the last digits alone. They are declared by `memoVariables`,
   * outside of the loop. Absent: nothing is kept.
   */
  readonly memo?: string;
}

/** Declares what is kept under a name. */
export function memoVariables(memo: string): string {
  return `h${memo}=-1,l${memo}=0,y${memo}=0,z${memo}=0`;
}

/** An `if` that writes `v` at `p` in the view `b`, where it is a whole number from 1 to 2^53 - 1; what follows the code is for all others. Up to eight bytes more are written. */
export function wholeNumberCode({ bind, memo }: NumberCodeOptions): string {
  const [digits, whole] = [bind(fourDigits), bind(writeWhole)];
  const long = memo === undefined ? `p=${whole}(b,p,v);` : longCode({ digits, whole, memo });
  return `w=v|0;if(w===v&&w>0&&w<100000000){if(w<10000){${shortCode(digits, "w")}}else{q=(w/10000)|0;${shortCode(digits, "q")}b.setInt32(p,${digits}[w-Math.imul(q,10000)],true);p+=4;}}
else if(v>=100000000&&v<9007199254740992&&Math.floor(v)===v){${long}}else `;
}

/** One to four digits: the leading zeros are shifted out of the table's four. */
function shortCode(digits: string, value: string): string {
  return `x=${digits}[${value}];z=(x^0x30303030)|0x01000000;d=(31-Math.clz32(z&-z))>>3;b.setInt32(p,x>>>(d<<3),true);p+=4-d;`;
}

/** Nine digits and more: the last eight, and those before, which are mostly those of the number before. */
function longCode({ digits, whole, memo: m }: { readonly digits: string; readonly whole: string; readonly memo: string }): string {
  return `h=Math.floor(v/100000000);if(h===h${m}){b.setInt32(p,y${m},true);b.setInt32(p+4,z${m},true);p+=l${m};}else{z=p;p=${whole}(b,p,h);h${m}=h;l${m}=p-z;y${m}=b.getInt32(z,true);z${m}=b.getInt32(z+4,true);}
w=(v-h*100000000)|0;q=(w/10000)|0;b.setInt32(p,${digits}[q],true);b.setInt32(p+4,${digits}[w-Math.imul(q,10000)],true);p+=8;`;
}
