// Writes numbered lines to standard output as fast as it takes them, and tells on standard error when it wants to be waited for: node pipe-output.fixture.ts LINES
import { standardOutput } from "./pipe-output.ts";

const output = standardOutput();
const lines = Number(process.argv[2]);
let waited = false;
for (let i = 0; i < lines; i++) {
  let takesMore = true;
  const written = new Promise<void>((resolve, reject) => {
    takesMore = output.write(Buffer.from(`${String(i).padStart(999, "0")}\n`), (error) => (error ? reject(error) : resolve()));
  });
  if (takesMore) continue;
  if (!waited) process.stderr.write("waits\n");
  waited = true;
  await written;
}
