// min and max of numbers in columns. What is no number stands beside; the result is the better of both.
import { extraOf, type NumericCell, type NumericSteps, setExtra } from "../aggregate-function.ts";
import type { Comparator } from "../comparison.ts";
import type { Computed } from "../compute.ts";

/** What an extreme is made of. */
export interface ExtremeParts {
  readonly of: Computed;
  /** The value to offer, null for none. Throws for what has no order. */
  readonly check: (value: unknown) => unknown;
  /** 1: the greatest; −1: the least. */
  readonly sign: 1 | -1;
  /** Answers 0 for identical values only, so that order of arrival does not matter. */
  readonly compare: Comparator;
}

/** Two columns: the best number, and whether there is one. */
export function numericExtreme({ of, check, sign, compare }: ExtremeParts): NumericSteps {
  const isBetter = (value: unknown, than: unknown): boolean => compare(value, than) * sign > 0;
  const offer = (cell: NumericCell, at: number, value: unknown): void => {
    const { space, slot } = cell;
    if (typeof value === "number") {
      const [best, isSet] = [space.columns[at]!, space.columns[at + 1]!];
      if (isSet[slot] === 1 && !isBetter(value, best[slot])) return;
      best[slot] = value;
      isSet[slot] = 1;
    } else if (value !== null && value !== undefined) {
      const other = extraOf(cell, at);
      if (other === undefined || isBetter(value, other)) setExtra(cell, at, value);
    }
  };
  const add: NumericSteps["add"] = (space, at, slot, value) => offer({ space, slot }, at, value);
  return {
    version: 1,
    columns: 2,
    argument: of,
    check,
    add,
    merge(at, into, other) {
      const { space, slot } = other;
      if (space.columns[at + 1]![slot] === 1) offer(into, at, space.columns[at]![slot]);
      if (space.extras.size > 0) offer(into, at, extraOf(other, at));
    },
    result(space, at, slot) {
      const number = space.columns[at + 1]![slot] === 1 ? space.columns[at]![slot]! : null;
      const other = space.extras.size === 0 ? undefined : extraOf({ space, slot }, at);
      return other === undefined || (number !== null && isBetter(number, other)) ? number : other;
    },
    code(scope, { columns: [best, isSet], slot, value, space, at }) {
      const [worse, better] = sign === 1 ? ["<", ">"] : [">", "<"];
      // Only what two comparisons decide: the first value, zeros, NaN and what is no number are for the closure.
      return `if(${isSet}[${slot}]!==1||typeof ${value}!=="number"||!(${value}${worse}${best}[${slot}])){
if(${isSet}[${slot}]===1&&typeof ${value}==="number"&&${value}${better}${best}[${slot}])${best}[${slot}]=${value};else ${scope.bind(add)}(${space},${at},${slot},${value});}`;
    },
    mergeCode: (scope, [best, isSet], [other, isOther]) => `if(${isOther}===1&&(${isSet}!==1||${scope.bind(isBetter)}(${other},${best}))){${best}=${other};${isSet}=1;}`,
    resultCode: ([best, isSet]) => `(${isSet}===1?${best}:null)`,
  };
}
