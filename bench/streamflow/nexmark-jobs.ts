// Queries of Nexmark as pipelines of typed code: one event at a time, windows, a join in windows.
import { field, fn, lit, type Pipeline, plainSerializer, record } from "@streamflow/core";
import { type Aggregate, aggregateWith, count, filter, flatMap, keyBy, map, max, min, session, sliding, sum, tumbling, window, windowJoin } from "@streamflow/transform";
import { type BuildJob, either, timed } from "./job.ts";
import { bids, type Event, only, read } from "./nexmark-events.ts";
import { nexmarkJoinJobs } from "./nexmark-joins.ts";

const sizeMs = 10_000;
const slideMs = 2_000;
const gapMs = 10_000;

/** All records with the greatest value so far. */
function highest<Row>(name: string, valueOf: (row: Row) => number): Aggregate<Row, readonly Row[]> {
  interface Best { readonly value: number; readonly rows: readonly Row[] }
  const better = (a: Best, b: Best): Best => {
    if (a.value !== b.value) return a.value > b.value ? a : b;
    return { value: a.value, rows: [...a.rows, ...b.rows] };
  };
  return aggregateWith<Row, Row, Best, readonly Row[]>({
    name,
    serializer: plainSerializer(),
    create: () => ({ value: -Infinity, rows: [] }),
    add: (best, row) => (valueOf(row) < best.value ? best : better(best, { value: valueOf(row), rows: [row] })),
    merge: better,
    result: ({ rows }) => rows,
  });
}

/** Bids with the price in another currency, in thousandths: a whole number. */
function prices(factor: number): BuildJob {
  return (job) => bids(job, "auction", "bidder", "price", "dateTime", "extra").addStage(map(either(job,
    ({ auction, bidder, price, dateTime, extra }: Event) => ({ auction, bidder, price: price * factor, dateTime, extra }),
    record({ auction: field("auction"), bidder: field("bidder"), price: factor === 1 ? field("price") : field("price").times(factor), dateTime: field("dateTime"), extra: field("extra") }),
  ))) as never;
}

const q2: BuildJob = (job) => bids(job, "auction", "price")
  .addStage(filter(either(job, (bid: Event) => bid.auction % 123 === 0, field("auction").remainder(123).eq(0))), { id: "some" })
  .addStage(map(either(job, ({ auction, price }: Event) => ({ auction, price }), record({ auction: field("auction"), price: field("price") })))) as never;

interface Counted { readonly auction: number; readonly windowStart: number; readonly count: number }
const q5: BuildJob = (job) => timed(job, bids(job, "auction", "dateTime"))
  .addStage(keyBy<Event>("auction"))
  .addStage(window({ window: sliding({ sizeMs, slideMs }), aggregate: { count: count() } }), { id: "counts" })
  // A window's counts have its last millisecond as their time: the slide that ends there holds them, and no others.
  .addStage(keyBy(lit(0) as never), { id: "together" })
  .addStage(window({ window: tumbling({ sizeMs: slideMs }), aggregate: { best: highest("mostBids", (row: Counted) => row.count) } }) as never, { id: "best" })
  .addStage(flatMap(({ best }: { readonly best: readonly Counted[] }) => best.map(({ auction, windowStart, count: n }) => ({ auction, windowStart, count: n }))) as never) as never;

const q7: BuildJob = (job) => timed(job, bids(job, "auction", "bidder", "price", "dateTime"))
  .addStage(keyBy(lit(0) as never), { id: "together" })
  .addStage(window({ window: tumbling({ sizeMs }), aggregate: { best: highest("highestBids", (bid: Event) => bid.price) } }), { id: "best" })
  .addStage(flatMap(({ best }: { readonly best: readonly Event[] }) => best.map(({ auction, bidder, price, dateTime }) => ({ auction, bidder, price, dateTime })))) as never;

interface Registered { readonly windowStart: number; readonly left: { readonly id: number; readonly name: string } }
const q8: BuildJob = (job) => {
  const events = timed(job, read(job, "id", "name", "seller", "dateTime"));
  let sellers: Pipeline<never, unknown> | undefined;
  events.branch((branch) => {
    sellers = only(job, branch, "auction")
      .addStage(keyBy<Event>("seller"), { id: "by-seller" })
      // Once for each seller, however many auctions.
      .addStage(window({ window: tumbling({ sizeMs }), aggregate: { auctions: count() } }), { id: "sellers" })
      .addStage(keyBy("seller" as never), { id: "again-by-seller" }) as never;
  });
  return only(job, events, "person")
    .addStage(keyBy<Event>("id"), { id: "by-id" })
    .join(sellers!, windowJoin({ window: tumbling({ sizeMs }) }) as never, { id: "joined" })
    .addStage(map(either(job,
      ({ windowStart, left }: Registered) => ({ id: left.id, name: left.name, windowStart }),
      record({ id: field("left", "id"), name: field("left", "name"), windowStart: field("windowStart") }),
    )) as never) as never;
};

const q11: BuildJob = (job) => timed(job, bids(job, "bidder", "dateTime"))
  .addStage(keyBy<Event>("bidder"))
  .addStage(window({ window: session({ gapMs }), aggregate: { count: count() } }), { id: "sessions" })
  .addStage(map(either(job,
    ({ bidder, windowStart, windowEnd, count: n }: { readonly bidder: number; readonly windowStart: number; readonly windowEnd: number; readonly count: number }) => ({ bidder, start: windowStart, end: windowEnd - gapMs, count: n }),
    record({ bidder: field("bidder"), start: field("windowStart"), end: field("windowEnd").minus(gapMs), count: field("count") }),
  )) as never) as never;

interface DayOfBids { readonly auction: number; readonly windowStart: number; readonly totalBids: number; readonly rank1: number; readonly rank2: number; readonly rank3: number; readonly least: number; readonly most: number; readonly sum: number }
const dayMs = 86_400_000;
const q17: BuildJob = (job) => {
  const price = either(job, (bid: Event) => bid.price, field("price"));
  return timed(job, bids(job, "auction", "price", "dateTime"))
    .addStage(keyBy<Event>("auction"))
    .addStage(window({
      window: tumbling({ sizeMs: dayMs }),
      aggregate: {
        totalBids: count(),
        rank1: count(either(job, (bid: Event) => (bid.price < 10_000 ? 1 : null), field("price").lt(10_000).choose(1, null))),
        rank2: count(either(job, (bid: Event) => (bid.price >= 10_000 && bid.price < 1_000_000 ? 1 : null), field("price").gte(10_000).and(field("price").lt(1_000_000)).choose(1, null))),
        rank3: count(either(job, (bid: Event) => (bid.price >= 1_000_000 ? 1 : null), field("price").gte(1_000_000).choose(1, null))),
        least: min(price), most: max(price), sum: sum(price),
      },
    }), { id: "days" })
    .addStage(map(either(job,
      ({ auction, windowStart: day, totalBids, rank1, rank2, rank3, least, most, sum: all }: DayOfBids) => ({ auction, day, totalBids, rank1, rank2, rank3, min: least, max: most, avg: Math.floor(all / totalBids), sum: all }),
      record({
        auction: field("auction"), day: field("windowStart"), totalBids: field("totalBids"), rank1: field("rank1"), rank2: field("rank2"), rank3: field("rank3"),
        min: field("least"), max: field("most"), avg: fn("floor", field("sum").dividedBy(field("totalBids"))), sum: field("sum"),
      }),
    )) as never) as never;
};

/** By the name of the query. */
export const nexmarkJobs: Readonly<Record<string, BuildJob>> = { q0: prices(1), q1: prices(908), q2, q5, q7, q8, q11, q17, ...nexmarkJoinJobs };
