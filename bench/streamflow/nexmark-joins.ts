// Queries of Nexmark that join all that was, or keep one bid of many.
import { field, fn, plainSerializer, record } from "@streamflow/core";
import { type Aggregate, aggregateWith, count, filter, global, keyBy, map, max, project, session, streamJoin, sum, window } from "@streamflow/transform";
import { type BuildJob, either, type Job, timed } from "./job.ts";
import { bids, type Event, type Events, only, read } from "./nexmark-events.ts";

/** Longer than any auction takes: a third of a second. What has no bid for so long is over. */
const closedAfterMs = 1_000;
const states = ["OR", "ID", "CA"];

/** The record that is better than all others. */
function best<Row>(name: string, isBetter: (a: Row, b: Row) => boolean): Aggregate<Row, Row> {
  const better = (a: Row | null, b: Row | null): Row | null => (a === null || (b !== null && isBetter(b, a)) ? b : a);
  return aggregateWith<Row, Row, Row | null, Row>({ name, serializer: plainSerializer(), create: () => null, add: better, merge: better, result: (row) => row as Row });
}

interface Pair { readonly left: Event; readonly right: Event }

const q3: BuildJob = (job) => {
  const events = read(job, "id", "name", "city", "state", "seller", "category");
  let auctions: Events | undefined;
  events.branch((branch) => {
    auctions = only(job, branch, "auction")
      .addStage(filter(either(job, (event: Event) => event.category === 10, field("category").eq(10))), { id: "category" })
      .addStage(keyBy<Event>("seller"), { id: "by-seller" });
  });
  const [first, ...others] = states.map((state) => field("state").eq(state));
  return only(job, events, "person")
    .addStage(filter(either(job, (event: Event) => states.includes(event.state), others.reduce((any, one) => any.or(one), first!))), { id: "states" })
    .addStage(keyBy<Event>("id"), { id: "by-id" })
    .join(auctions as never, streamJoin() as never, { id: "joined" })
    .addStage(map(either(job,
      ({ left, right }: Pair) => ({ name: left.name, city: left.city, state: left.state, id: right.id }),
      record({ name: field("left", "name"), city: field("left", "city"), state: field("left", "state"), id: field("right", "id") }),
    )) as never) as never;
};

/** The named fields alone: less is kept of them. */
function withFields(events: Events, names: readonly (keyof Event)[], id: string): Events {
  return events.addStage(project(Object.fromEntries(names.map((name) => [name, field(name)]))) as never, { id });
}

/** Bids of each auction that came in its time, under the auction's key; with these fields of both. */
function accepted(job: Job, ofAuction: readonly (keyof Event)[], ofBid: readonly (keyof Event)[]): Events {
  const events = timed(job, read(job, "id", "expires", "auction", "price", "dateTime", ...ofAuction, ...ofBid));
  let placed: Events | undefined;
  events.branch((branch) => {
    placed = withFields(only(job, branch, "bid"), ["auction", "price", "dateTime", ...ofBid], "of-bid").addStage(keyBy<Event>("auction"), { id: "by-auction" });
  });
  return withFields(only(job, events, "auction"), ["id", "expires", ...ofAuction], "of-auction")
    .addStage(keyBy<Event>("id"), { id: "by-id" })
    .join(placed as never, streamJoin({ afterMs: closedAfterMs }) as never, { id: "joined" })
    .addStage(filter(either(job, ({ left, right }: Pair) => right.dateTime <= left.expires, field("right", "dateTime").lte(field("left", "expires")))) as never, { id: "in-time" }) as never;
}

interface Average { readonly category: number; readonly sum: number; readonly count: number }
const q4: BuildJob = (job) => accepted(job, ["category"], [])
  .addStage(window({
    window: session({ gapMs: closedAfterMs }),
    aggregate: {
      price: max(either(job, ({ right }: Pair) => right.price, field("right", "price"))),
      category: max(either(job, ({ left }: Pair) => left.category, field("left", "category"))),
    },
  }) as never, { id: "winning" })
  .addStage(keyBy("category" as never), { id: "by-category" })
  .addStage(window({ window: global(), aggregate: { sum: sum(either(job, ({ price }: Event) => price, field("price"))), count: count() } }) as never, { id: "all" })
  .addStage(map(either(job,
    ({ category, sum: all, count: n }: Average) => ({ category, average: Math.floor(all / n) }),
    record({ category: field("category"), average: fn("floor", field("sum").dividedBy(field("count"))) }),
  )) as never) as never;

function isAhead({ right: a }: Pair, { right: b }: Pair): boolean {
  if (a.price !== b.price) return a.price > b.price;
  return a.dateTime !== b.dateTime ? a.dateTime < b.dateTime : a.bidder < b.bidder;
}

const q9: BuildJob = (job) => accepted(job, ["itemName", "seller", "category"], ["bidder"])
  .addStage(window({ window: session({ gapMs: closedAfterMs }), aggregate: { best: best("winningBid", isAhead) } }) as never, { id: "winning" })
  .addStage(map(({ best: { left, right } }: { readonly best: Pair }) => ({
    id: left.id, itemName: left.itemName, seller: left.seller, category: left.category, bidder: right.bidder, price: right.price, dateTime: right.dateTime,
  })) as never) as never;

function isLater(a: Event, b: Event): boolean {
  return a.dateTime !== b.dateTime ? a.dateTime > b.dateTime : a.price > b.price;
}

const q18: BuildJob = (job) => bids(job, "auction", "bidder", "price", "dateTime")
  .addStage(keyBy<Event>(["bidder", "auction"]))
  .addStage(window({ window: global(), aggregate: { last: best("lastBid", isLater) } }), { id: "last" })
  .addStage(map(({ last: { auction, bidder, price, dateTime } }: { readonly last: Event }) => ({ auction, bidder, price, dateTime }))) as never;

/** By the name of the query. */
export const nexmarkJoinJobs: Readonly<Record<string, BuildJob>> = { q3, q4, q9, q18 };
