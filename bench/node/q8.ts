// Nexmark q8 by hand. node bench/node/q8.ts INPUT OUTPUT
import { eachLine, paths } from "./bids.ts";
import type { Event } from "./nexmark.ts";

const sizeMs = 10_000;
const boundMs = 5_000;

interface Window {
  readonly names: Map<number, string>;
  readonly sellers: Set<number>;
}

const { input, out } = paths();
const windows = new Map<number, Window>();

function fireUpTo(watermark: number): void {
  for (const [number, { names, sellers }] of windows) {
    if ((number + 1) * sizeMs - 1 > watermark) continue;
    for (const [id, name] of names) if (sellers.has(id)) out.add(`${JSON.stringify({ id, name, windowStart: number * sizeMs })}\n`);
    windows.delete(number);
  }
}

eachLine<Event>(input, (event) => {
  if (event.kind === "bid") return;
  const number = Math.floor(event.dateTime / sizeMs);
  let open = windows.get(number);
  if (open === undefined) {
    fireUpTo(event.dateTime - boundMs - 1);
    windows.set(number, (open = { names: new Map(), sellers: new Set() }));
  }
  if (event.kind === "person") open.names.set(event.id, event.name);
  else open.sellers.add(event.seller);
});
fireUpTo(Infinity);
out.close();
