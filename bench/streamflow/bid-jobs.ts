// W1 and W2 as pipelines of typed code.
import { field, record } from "@streamflow/core";
import { count, filter, keyBy, map, session, sliding, sum, tumbling, window } from "@streamflow/transform";
import { type Bid, type BuildJob, either, type Job, readBids, timed } from "./job.ts";

const leastPrice = 10_000;
const sizeMs = 10_000;
const slideMs = 2_000;
const gapMs = 10_000;

interface Windowed {
  readonly windowStart: number;
  readonly windowEnd: number;
}

function isDear(job: Job): (bid: Bid) => boolean {
  return either(job, (bid) => bid.price >= leastPrice, field("price").gte(leastPrice));
}

/** Filter, map, four of seven fields. */
const stateless: BuildJob = (job) => readBids(job, "auction", "price", "channel", "dateTime")
  .addStage(filter(isDear(job)))
  .addStage(map(either(job,
    ({ auction, price, channel, dateTime }: Bid) => ({ auction, price: price * 2, channel, dateTime }),
    record({ auction: field("auction"), price: field("price").times(2), channel: field("channel"), dateTime: field("dateTime") }),
  ))) as never;

type Total = Windowed & { readonly count: number; readonly sum: number; readonly auction: number; readonly channel: string };

/** Count and sum for each value of a field and 10 s. */
function totals(key: "auction" | "channel", result: (total: Total) => unknown): BuildJob {
  return (job) => timed(job, readBids(job, key, "price", "dateTime"))
    .addStage(filter(isDear(job)))
    .addStage(keyBy<Bid>(key))
    .addStage(window({ window: tumbling({ sizeMs }), aggregate: { count: count(), sum: sum(either(job, (bid: Bid) => bid.price, field("price"))) } }), { id: "totals" })
    .addStage(map(either(job, result, record({ [key]: field(key), windowStart: field("windowStart"), count: field("count"), sum: field("sum") })) as never) as never) as never;
}

const totalsOfAuctions: BuildJob = totals("auction", ({ auction, windowStart, count: n, sum: total }) => ({ auction, windowStart, count: n, sum: total }));
const totalsOfChannels: BuildJob = totals("channel", ({ channel, windowStart, count: n, sum: total }) => ({ channel, windowStart, count: n, sum: total }));

const slidingCounts: BuildJob = (job) => timed(job, readBids(job, "auction", "dateTime"))
  .addStage(keyBy<Bid>("auction"))
  .addStage(window({ window: sliding({ sizeMs, slideMs }), aggregate: { count: count() } }), { id: "counts" })
  .addStage(map(either(job,
    ({ auction, windowStart, count: n }: Windowed & { readonly auction: number; readonly count: number }) => ({ auction, windowStart, count: n }),
    record({ auction: field("auction"), windowStart: field("windowStart"), count: field("count") }),
  )) as never) as never;

const sessions: BuildJob = (job) => timed(job, readBids(job, "bidder", "dateTime"))
  .addStage(keyBy<Bid>("bidder"))
  .addStage(window({ window: session({ gapMs }), aggregate: { count: count() } }), { id: "sessions" })
  .addStage(map(either(job,
    ({ bidder, windowStart, windowEnd, count: n }: Windowed & { readonly bidder: number; readonly count: number }) => ({ bidder, start: windowStart, end: windowEnd - gapMs, count: n }),
    record({ bidder: field("bidder"), start: field("windowStart"), end: field("windowEnd").minus(gapMs), count: field("count") }),
  )) as never) as never;

/** By the name of the job. */
export const bidJobs: Readonly<Record<string, BuildJob>> = { stateless, tumbling: totalsOfAuctions, channel: totalsOfChannels, sliding: slidingCounts, session: sessions };
