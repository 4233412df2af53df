"""A job in chDB (ClickHouse in the process): typed columns. python chdb_job.py JOB INPUT OUTPUT THREADS"""
import sys

import chdb

job, inp, out, th = sys.argv[1:5]


def src(cols):
    return f"file('{inp}', 'JSONEachRow', '{cols}')"


sql = {
    "stateless": f"select auction, price*2 as price, channel, dateTime from {src('auction Int64, price Int64, channel String, dateTime Int64')} where price>=10000",
    "tumbling": f"select auction, dateTime - dateTime%10000 as windowStart, count() as count, sum(price) as sum from {src('auction Int64, price Int64, dateTime Int64')} where price>=10000 group by auction, windowStart",
    "channel": f"select channel, dateTime - dateTime%10000 as windowStart, count() as count, sum(price) as sum from {src('channel String, price Int64, dateTime Int64')} where price>=10000 group by channel, windowStart",
    "sliding": f"select auction, arrayJoin(arrayMap(k -> pane - k*2000, range(5))) as windowStart, sum(c) as count from (select auction, dateTime - dateTime%2000 as pane, count() as c from {src('auction Int64, dateTime Int64')} group by auction, pane) group by auction, windowStart",
    "session": f"""select bidder, min(t) as start, max(t) as end, sum(c) as count from (
      select bidder, t, c, sum(n) over (partition by bidder order by t rows between unbounded preceding and current row) as sid from (
        select bidder, t, c, if(row_number() over w > 1 and t - lagInFrame(t) over w <= 10000, 0, 1) as n
        from (select bidder, dateTime as t, count() as c from {src('bidder Int64, dateTime Int64')} group by bidder, t)
        window w as (partition by bidder order by t rows between unbounded preceding and current row))) group by bidder, sid""",
}[job]
chdb.query(f"{sql} into outfile '{out}' truncate format JSONEachRow settings max_threads={th}, output_format_json_quote_64bit_integers=0, input_format_skip_unknown_fields=1, prefer_column_name_to_alias=1", "Null")
