"""A job in Polars: streaming engine, lazy scan with a typed schema. python polars_job.py JOB INPUT OUTPUT; threads by POLARS_MAX_THREADS."""
import sys

import polars as pl

job, inp, out = sys.argv[1:4]
I = pl.Int64
schemas = {"stateless": {"auction": I, "price": I, "channel": pl.String, "dateTime": I}, "tumbling": {"auction": I, "price": I, "dateTime": I}, "channel": {"channel": pl.String, "price": I, "dateTime": I},
       "sliding": {"auction": I, "dateTime": I}, "session": {"bidder": I, "dateTime": I}}
sch = schemas[job]
full = {"auction": I, "bidder": I, "price": I, "channel": pl.String, "url": pl.String, "dateTime": I, "extra": pl.String}
lf = pl.scan_ndjson(inp, schema=full).select(list(sch))
c = pl.col
if job == "stateless":
    r = lf.filter(c("price") >= 10000).select("auction", c("price") * 2, "channel", "dateTime")
elif job in ("tumbling", "channel"):
    key = "auction" if job == "tumbling" else "channel"
    r = lf.filter(c("price") >= 10000).with_columns(windowStart=c("dateTime") - c("dateTime") % 10000).group_by(key, "windowStart").agg(count=pl.len(), sum=c("price").sum())
elif job == "sliding":
    p = lf.with_columns(pane=c("dateTime") - c("dateTime") % 2000).group_by("auction", "pane").agg(n=pl.len())
    r = p.with_columns(windowStart=pl.concat_list([c("pane") - 2000 * k for k in range(5)])).explode("windowStart").group_by("auction", "windowStart").agg(count=c("n").sum())
else:
    s = lf.group_by("bidder", "dateTime").agg(n=pl.len()).sort("bidder", "dateTime")
    s = s.with_columns(sid=((c("dateTime") - c("dateTime").shift(1) > 10000) | (c("bidder") != c("bidder").shift(1))).fill_null(True).cum_sum())
    r = s.group_by("bidder", "sid").agg(start=c("dateTime").min(), end=c("dateTime").max(), count=c("n").sum()).select("bidder", "start", "end", "count")
r.sink_ndjson(out, engine="streaming")
