// A column of strings that are bytes until somebody asks for them.
import type { Column, Texts } from "../record.ts";

/** Makes all values where somebody asks for them, once. */
export class TextColumn implements Column {
  readonly name: string;
  readonly texts: Texts;
  #values: readonly unknown[] | undefined;

  constructor(name: string, texts: Texts) {
    this.name = name;
    this.texts = texts;
  }

  get values(): readonly unknown[] {
    return (this.#values ??= Array.from(this.texts.starts, (_, index) => this.texts.at(index)));
  }
}
