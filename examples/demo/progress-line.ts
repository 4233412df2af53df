// Progress for people: one line that is drawn over on a terminal, a few lines in a log.
import { fit, tint, type Terminal } from "./terminal.ts";

/** What a progress line is made from. */
export interface ProgressLineOptions {
  /** What is being done. */
  readonly title: string;
  readonly terminal: Terminal;
  readonly write: (text: string) => void;
  /** In a log, a line is written whenever this part more is done. @defaultValue 0.25 */
  readonly logStep?: number;
}

/** Shows how far something is. */
export class ProgressLine {
  readonly #options: ProgressLineOptions;
  #logged = -Infinity;
  #drawn = "";

  constructor(options: ProgressLineOptions) {
    this.#options = options;
  }

  /** `fraction` is 0 … 1; `note` says more. */
  update(fraction: number, note = ""): void {
    const { terminal, write, logStep = 0.25 } = this.#options;
    if (terminal.live) {
      this.#draw(this.#line(fraction, note));
    } else if (fraction >= this.#logged + logStep) {
      this.#logged = Math.floor(fraction / logStep) * logStep;
      write(`${this.#line(fraction, note)}\n`);
    }
  }

  /** Writes a line that stays, above the progress. */
  say(text: string): void {
    const drawn = this.#drawn;
    this.#erase();
    this.#options.write(`${text}\n`);
    if (drawn !== "") this.#draw(drawn);
  }

  /** Leaves `text` where the progress was. */
  done(text: string): void {
    this.#erase();
    this.#options.write(`${text}\n`);
  }

  #line(fraction: number, note: string): string {
    const { title, terminal } = this.#options;
    const percent = `${String(Math.floor(Math.min(1, Math.max(0, fraction)) * 100)).padStart(3)} %`;
    if (!terminal.live) return `${title} ${percent}${note === "" ? "" : `  ${note}`}`;
    const cells = Math.min(24, Math.max(0, terminal.width - title.length - note.length - 12));
    const full = Math.round(Math.min(1, Math.max(0, fraction)) * cells);
    const plain = fit(`${title} ${"█".repeat(full)}${"░".repeat(cells - full)} ${percent}  ${note}`, terminal.width - 1);
    return plain.replace(/█+/, (bar) => tint(bar, "cyan", terminal));
  }

  #draw(line: string): void {
    if (line === this.#drawn) return;
    this.#options.write(`\r\u001b[2K${line}`);
    this.#drawn = line;
  }

  #erase(): void {
    if (this.#drawn !== "") this.#options.write("\r\u001b[2K");
    this.#drawn = "";
  }
}
