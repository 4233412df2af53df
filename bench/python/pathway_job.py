"""A job in Pathway: JSON lines in static mode (a bounded replay), typed columns, temporal windows. python pathway_job.py JOB INPUT OUTPUT
Its lines also say how often and when a row changed; the harness takes that away before it compares them."""
import sys

import pathway as pw

job, inp, out = sys.argv[1:4]
this = pw.this


def read(**columns):
    return pw.io.jsonlines.read(inp, schema=pw.schema_from_types(**columns), mode="static")


def totals(bids, key):
    kept = bids.filter(this.price >= 10000)
    return kept.windowby(kept.dateTime, window=pw.temporal.tumbling(duration=10000), instance=kept[key]).reduce(
        **{key: this._pw_instance}, windowStart=this._pw_window_start, count=pw.reducers.count(), sum=pw.reducers.sum(this.price))


if job == "stateless":
    bids = read(auction=int, price=int, channel=str, dateTime=int)
    rows = bids.filter(this.price >= 10000).select(auction=this.auction, price=this.price * 2, channel=this.channel, dateTime=this.dateTime)
elif job == "tumbling":
    rows = totals(read(auction=int, price=int, dateTime=int), "auction")
elif job == "channel":
    rows = totals(read(channel=str, price=int, dateTime=int), "channel")
elif job == "sliding":
    bids = read(auction=int, dateTime=int)
    rows = bids.windowby(bids.dateTime, window=pw.temporal.sliding(duration=10000, hop=2000), instance=bids.auction).reduce(
        auction=this._pw_instance, windowStart=this._pw_window_start, count=pw.reducers.count())
elif job == "session":
    bids = read(bidder=int, dateTime=int)
    rows = bids.windowby(bids.dateTime, window=pw.temporal.session(max_gap=10001), instance=bids.bidder).reduce(
        bidder=this._pw_instance, start=pw.reducers.min(this.dateTime), end=pw.reducers.max(this.dateTime), count=pw.reducers.count())
else:
    raise SystemExit(f"there is no job {job}")
pw.io.jsonlines.write(rows, out)
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
