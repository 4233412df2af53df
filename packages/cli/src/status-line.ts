// One line at the foot of a terminal that is drawn over; elsewhere lines one after another.
import { fit, type TextStream } from "./terminal.ts";

/** A line that shows where something stands, and the stream that it shares with other text. */
export class StatusLine {
  readonly #stream: TextStream;
  readonly #isLive: boolean;
  #drawn = "";

  constructor(stream: TextStream, variables: Readonly<Record<string, string | undefined>>) {
    this.#stream = stream;
    this.#isLive = stream.isTTY === true && variables["TERM"] !== "dumb";
  }

  /** Whether the line is drawn over. */
  get isLive(): boolean {
    return this.#isLive;
  }

  get writableLength(): number {
    return this.#stream.writableLength ?? 0;
  }

  /** Shows `line` in place of the one before. */
  show(line: string): void {
    if (!this.#isLive) {
      this.#stream.write(`${line}\n`);
      return;
    }
    this.#drawn = fit(line, (this.#stream.columns ?? 80) - 1);
    this.#stream.write(`\r\u001b[2K${this.#drawn}`);
  }

  /** Writes whole lines that stay, above the status line: a log may use this as its stream. */
  write(text: string): boolean {
    const drawn = this.#drawn;
    this.clear();
    this.#stream.write(text);
    if (drawn !== "") this.show(drawn);
    return true;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#drawn !== "") this.#stream.write("\r\u001b[2K");
    this.#drawn = "";
  }
}
