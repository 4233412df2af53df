// Decompresses gzip piece by piece, with bounded memory whatever the input claims to be.
//   I1. Everything before a truncation is delivered before its error is thrown. Of damaged input, the last piece before the damage may be withheld.
//   I2. At most a few pieces are held: zlib runs on only when its output is taken.
import { constants, createGunzip, type Gunzip } from "node:zlib";
import { StreamFlowError } from "@streamflow/core";

/** Bounds against input that decompresses to more than anyone meant. */
export interface GunzipLimits {
  /** Bytes that one file may decompress to. @defaultValue unlimited */
  readonly maxDecompressedBytes?: number;
  /** Decompressed bytes for each compressed byte, judged beyond the first MiB. @defaultValue 1000: near what only zeros reach */
  readonly maxRatio?: number;
}

const pieceBytes = 65_536;
const judgedFromBytes = 1 << 20;
const defaultMaxRatio = 1000;

/**
 * Yields the decompressed bytes of gzip input of any number of members. Zeros may follow the last, as on tapes.
 * @throws {@link StreamFlowError} SF_CODEC_DECODE for input that is damaged, truncated or beyond the limits, naming `what` and the offset.
 */
export async function* gunzip(input: AsyncIterable<Uint8Array>, what: string, limits: GunzipLimits = {}): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater();
  const meter = new Meter(what, limits);
  try {
    for await (const chunk of input) {
      meter.taken += chunk.length;
      inflater.write(chunk);
      for (let piece = await inflater.next(); piece !== undefined; piece = await inflater.next()) yield meter.pass(piece);
      meter.check(inflater.failure);
    }
    inflater.end();
    for (let piece = await inflater.next(); piece !== undefined; piece = await inflater.next()) yield meter.pass(piece);
    meter.check(inflater.failure);
  } finally {
    inflater.close();
  }
}

/** Counts bytes, refuses too many, and words errors. */
class Meter {
  taken = 0;
  #given = 0;
  readonly #what: string;
  readonly #limits: GunzipLimits;

  constructor(what: string, limits: GunzipLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  pass(piece: Uint8Array): Uint8Array {
    this.#given += piece.length;
    const { maxDecompressedBytes = Infinity, maxRatio = defaultMaxRatio } = this.#limits;
    if (this.#given > maxDecompressedBytes) throw this.#error(`decompresses to more than maxDecompressedBytes ${maxDecompressedBytes}`);
    if (this.#given > judgedFromBytes && this.#given > maxRatio * this.taken) throw this.#error(`decompresses to more than ${maxRatio} times its size`);
    return piece;
  }

  check(failure: Error | undefined): void {
    if (failure === undefined) return;
    const isTruncated = (failure as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    throw this.#error(isTruncated ? "is truncated" : `is damaged: ${failure.message}`, failure);
  }

  #error(problem: string, cause?: Error): StreamFlowError {
    return new StreamFlowError("SF_CODEC_DECODE", `gzip file "${this.#what}" ${problem} (after ${this.#given} decompressed and ${this.taken} compressed bytes)`, {
      ...(cause === undefined ? {} : { cause }),
      context: { path: this.#what, decompressedBytes: this.#given, compressedBytes: this.taken },
    });
  }
}

/** zlib's stream, pulled: `next` answers undefined when everything written so far has come out. */
class Inflater {
  failure: Error | undefined;
  readonly #zlib: Gunzip;
  #isBusy = false;
  #isOver = false;
  #written = 0;
  #last: Uint8Array = new Uint8Array(0);
  #wake: () => void = () => undefined;

  constructor() {
    this.#zlib = createGunzip({ chunkSize: pieceBytes, finishFlush: constants.Z_FINISH });
    const wake = (): void => this.#wake();
    this.#zlib.on("readable", wake);
    this.#zlib.on("error", (error) => {
      this.failure = error;
      this.#isBusy = false;
      wake();
    });
    this.#zlib.on("end", () => {
      this.#isOver = true;
      this.#isBusy = false;
      // zlib takes zeros behind a member for the end, and looks at nothing behind them.
      this.#pad(this.#last.subarray(this.#last.length - (this.#written - this.#zlib.bytesWritten)));
      wake();
    });
  }

  write(chunk: Uint8Array): void {
    if (this.#isOver) return this.#pad(chunk);
    this.#written += chunk.length;
    this.#last = chunk;
    this.#isBusy = true;
    this.#zlib.write(chunk, () => {
      this.#isBusy = false;
      this.#wake();
    });
  }

  end(): void {
    if (this.failure !== undefined || this.#isOver) return;
    this.#isBusy = true;
    this.#zlib.end();
  }

  /** Behind the end only zeros may come. */
  #pad(bytes: Uint8Array): void {
    if (bytes.some((byte) => byte !== 0)) this.failure ??= new StreamFlowError("SF_CODEC_DECODE", "other bytes than zeros behind its end");
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = this.#zlib.read() as Buffer | null;
      if (piece !== null) return piece;
      if (!this.#isBusy) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#zlib.destroy();
  }
}
