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
function sessions(source: string, count: string): string {
  return `
    with bids as (select bidder, dateTime as t, count(*) as n from ${source} group by all),
      marked as (select *, case when t - lag(t) over (partition by bidder order by t) <= 10000 then 0 else 1 end as isFirst from bids),
      numbered as (select *, sum(isFirst) over (partition by bidder order by t rows unbounded preceding) as session from marked)
    select bidder, min(t) as start, max(t) as "end", sum(n)::bigint as ${count} from numbered group by bidder, session`;
}

/** By the name of the job. */
export const queries: Readonly<Record<string, Query>> = {
  stateless: (read) => `
    select auction, price * 2 as price, channel, dateTime
    from ${read("auction: 'BIGINT', price: 'BIGINT', channel: 'VARCHAR', dateTime: 'BIGINT'")} where price >= 10000`,
  tumbling: totals("auction", "BIGINT"),
  channel: totals("channel", "VARCHAR"),
  // Panes of 2 s first, each then in its five windows: the cheap way to say it.
  sliding: (read) => `
    with panes as (select auction, dateTime - dateTime % 2000 as pane, count(*) as n from ${read("auction: 'BIGINT', dateTime: 'BIGINT'")} group by all)
    select auction, pane - k * 2000 as windowStart, sum(n)::bigint as count from panes, range(5) r(k) group by all`,
  session: (read) => sessions(read("bidder: 'BIGINT', dateTime: 'BIGINT'"), "count"),
};
