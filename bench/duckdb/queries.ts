// Each job as SQL over a file of events, as DuckDB does it fastest: typed columns, no inference.

/** Where a query reads from, by the columns that it needs. */
type Read = (columns: string) => string;
type Query = (read: Read) => string;

function totals(key: string, type: string): Query {
  return (read) => `
    select ${key}, dateTime - dateTime % 10000 as windowStart, count(*)::bigint as count, sum(price)::bigint as sum
    from ${read(`${key}: '${type}', price: 'BIGINT', dateTime: 'BIGINT'`)} where price >= 10000 group by all`;
}

/** Sessions: a bid more than the gap after the one before it begins another. */
function sessions(source: string): string {
  return `
    with bids as (select bidder, dateTime as t, count(*) as n from ${source} group by all),
      marked as (select *, case when t - lag(t) over (partition by bidder order by t) <= 10000 then 0 else 1 end as isFirst from bids),
      numbered as (select *, sum(isFirst) over (partition by bidder order by t rows unbounded preceding) as session from marked)
    select bidder, min(t) as start, max(t) as "end", sum(n)::bigint as count from numbered group by bidder, session`;
}

/** Columns of bids among the events of Nexmark. */
const bids = (read: Read, columns: string): string => `(select * from ${read(`kind: 'VARCHAR', ${columns}`)} where kind = 'bid')`;

const auctionsAndBids = (read: Read, columns: string): string => `events as (from ${read(`kind: 'VARCHAR', id: 'BIGINT', expires: 'BIGINT', auction: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT', ${columns}`)} where kind <> 'person')`;

/** Pairs of `auctions` and `bids` that came in their time. */
const accepted = "events auctions join events bids on bids.auction = auctions.id and bids.dateTime between auctions.dateTime and auctions.expires and bids.kind = 'bid' and auctions.kind = 'auction'";

/** The panes of 2 s of a sliding window of 10 s: the cheap way to say it. */
const slidingCounts = (source: string): string => `
  with panes as (select auction, dateTime - dateTime % 2000 as pane, count(*) as n from ${source} group by all)
  select auction, pane - k * 2000 as windowStart, sum(n)::bigint as count from panes, range(5) r(k) group by all`;

const nexmark: Readonly<Record<string, Query>> = {
  q0: (read) => `select auction, bidder, price, dateTime, extra from ${bids(read, "auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT', extra: 'VARCHAR'")}`,
  q1: (read) => `select auction, bidder, price * 908 as price, dateTime, extra from ${bids(read, "auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT', extra: 'VARCHAR'")}`,
  q2: (read) => `select auction, price from ${bids(read, "auction: 'BIGINT', price: 'BIGINT'")} where auction % 123 = 0`,
  q5: (read) => `from (${slidingCounts(bids(read, "auction: 'BIGINT', dateTime: 'BIGINT'"))}) qualify count = max(count) over (partition by windowStart)`,
  q7: (read) => `
    with bids as (from ${bids(read, "auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT'")}),
      highest as (select dateTime // 10000 as number, max(price) as price from bids group by all)
    select auction, bidder, bids.price, dateTime from bids join highest on dateTime // 10000 = number and bids.price = highest.price`,
  q8: (read) => `
    with events as (from ${read("kind: 'VARCHAR', id: 'BIGINT', name: 'VARCHAR', seller: 'BIGINT', dateTime: 'BIGINT'")} where kind <> 'bid'),
      sellers as (select distinct seller, dateTime // 10000 as number from events where kind = 'auction')
    select id, name, number * 10000 as windowStart from events join sellers on sellers.seller = id and number = dateTime // 10000 where kind = 'person'`,
  q3: (read) => `
    with events as (from ${read("kind: 'VARCHAR', id: 'BIGINT', name: 'VARCHAR', city: 'VARCHAR', state: 'VARCHAR', seller: 'BIGINT', category: 'BIGINT'")} where kind <> 'bid')
    select people.name, people.city, people.state, auctions.id from events people join events auctions on auctions.seller = people.id
    where people.kind = 'person' and auctions.kind = 'auction' and auctions.category = 10 and people.state in ('OR', 'ID', 'CA')`,
  q4: (read) => `
    with ${auctionsAndBids(read, "category: 'BIGINT'")},
      winning as (select auctions.category, max(bids.price) as price from ${accepted} group by auctions.id, auctions.category)
    select category, (sum(price) // count(*))::bigint as average from winning group by category`,
  q9: (read) => `
    with ${auctionsAndBids(read, "itemName: 'VARCHAR', seller: 'BIGINT', category: 'BIGINT', bidder: 'BIGINT'")}
    select auctions.id, auctions.itemName, auctions.seller, auctions.category, bids.bidder, bids.price, bids.dateTime from ${accepted}
    qualify row_number() over (partition by auctions.id order by bids.price desc, bids.dateTime, bids.bidder) = 1`,
  q17: (read) => `
    select auction, dateTime - dateTime % 86400000 as day, count(*)::bigint as totalBids, count(*) filter (price < 10000)::bigint as rank1,
      count(*) filter (price >= 10000 and price < 1000000)::bigint as rank2, count(*) filter (price >= 1000000)::bigint as rank3,
      min(price) as min, max(price) as max, (sum(price) // count(*))::bigint as avg, sum(price)::bigint as sum
    from ${bids(read, "auction: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT'")} group by all`,
  q18: (read) => `
    select auction, bidder, price, dateTime from ${bids(read, "auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', dateTime: 'BIGINT'")}
    qualify row_number() over (partition by bidder, auction order by dateTime desc, price desc) = 1`,
  q11: (read) => sessions(bids(read, "bidder: 'BIGINT', dateTime: 'BIGINT'")),
};

/** By the name of the job. */
export const queries: Readonly<Record<string, Query>> = {
  stateless: (read) => `
    select auction, price * 2 as price, channel, dateTime
    from ${read("auction: 'BIGINT', price: 'BIGINT', channel: 'VARCHAR', dateTime: 'BIGINT'")} where price >= 10000`,
  tumbling: totals("auction", "BIGINT"),
  channel: totals("channel", "VARCHAR"),
  sliding: (read) => slidingCounts(read("auction: 'BIGINT', dateTime: 'BIGINT'")),
  session: (read) => sessions(read("bidder: 'BIGINT', dateTime: 'BIGINT'")),
  ...nexmark,
};
