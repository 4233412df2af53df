// The digest of an output: equal for the same lines, whatever their order and the files that they are in.
import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The file, or the files of the folder and of those below it that are not hidden, in the order of their names. */
export function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).filter((name) => !/^[._]/.test(name)).sort().flatMap((name) => filesOf(join(path, name)));
}

/** Digests of outputs. What has the same bytes as an output that was sorted before is not sorted again. */
export class ResultDigests {
  readonly #known = new Map<string, string>();

  /** The MD5 of the sorted lines of a file, or of a folder of files. */
  async of(path: string): Promise<string> {
    const files = filesOf(path);
    const unsorted = createHash("md5");
    for (const file of files) await add(unsorted, createReadStream(file, { highWaterMark: 1 << 20 }));
    const bytes = unsorted.digest("hex");
    const known = this.#known.get(bytes);
    if (known !== undefined) return known;
    const digest = await sortedDigest(files);
    this.#known.set(bytes, digest);
    return digest;
  }
}

async function add(hash: Hash, stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of stream) hash.update(chunk);
}

async function sortedDigest(files: readonly string[]): Promise<string> {
  const hash = createHash("md5");
  if (files.length === 0) return hash.digest("hex");
  const sort = spawn("sort", ["-S", "1G", ...files], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LC_ALL: "C" } });
  const closed = once(sort, "close") as Promise<[number | null]>;
  await add(hash, sort.stdout);
  const [code] = await closed;
  if (code !== 0) throw new Error(`sort ended with code ${code}`);
  return hash.digest("hex");
}
