// Nexmark q3 by hand. node bench/node/q3.ts INPUT OUTPUT
import { eachLine, paths } from "./bids.ts";
import type { Auction, Event, Person } from "./nexmark.ts";

const { input, out } = paths();
const people = new Map<number, Person>();
const auctions = new Map<number, number[]>();

function add({ name, city, state }: Person, id: number): void {
  out.add(`${JSON.stringify({ name, city, state, id })}\n`);
}

eachLine<Event>(input, (event) => {
  if (event.kind === "person" && (event.state === "OR" || event.state === "ID" || event.state === "CA")) {
    people.set(event.id, event);
    for (const id of auctions.get(event.id) ?? []) add(event, id);
  } else if (event.kind === "auction" && event.category === 10) keep(event);
});
out.close();

function keep({ seller, id }: Auction): void {
  const known = auctions.get(seller);
  if (known === undefined) auctions.set(seller, [id]);
  else known.push(id);
  const person = people.get(seller);
  if (person !== undefined) add(person, id);
}
