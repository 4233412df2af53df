"""A job in Bytewax: batches of lines, orjson, fold_window in whatever order; 5 s out of order.
BENCH_JOB, BENCH_INPUT and BENCH_OUTPUT in the environment; python -m bytewax.run bytewax_job.py:flow -w THREADS
The clock's now stands still: so the watermark follows the records alone, and costs least."""
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow

job, inp, out = os.environ["BENCH_JOB"], Path(os.environ["BENCH_INPUT"]), Path(os.environ["BENCH_OUTPUT"])
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
BASE_MS = 1436918400000
BASE = EPOCH + timedelta(milliseconds=BASE_MS)
SIZE, SLIDE, LATE = timedelta(seconds=10), timedelta(seconds=2), timedelta(seconds=5)
loads = orjson.loads

flow = Dataflow("bench")
lines = op.input("lines", flow, FileSource(inp, batch_size=1000))
clock = win.EventClock(ts_getter=lambda value: value[0], wait_for_system_duration=LATE, now_getter=lambda: BASE, to_system_utc=lambda _: None)


def time(ms):
    return BASE + timedelta(milliseconds=ms - BASE_MS)


def write(rows):
    op.output("out", rows, FileSink(out))


def fold(parsed, windower, builder, folder, merger):
    keyed = op.flat_map_batch("parse", lines, parsed)
    return win.fold_window("window", keyed, clock, windower, builder, folder, merger, ordered=False).down


def stateless(batch):
    rows = []
    for line in batch:
        bid = loads(line)
        if bid["price"] >= 10000:
            rows.append(("0", orjson.dumps({"auction": bid["auction"], "price": bid["price"] * 2, "channel": bid["channel"], "dateTime": bid["dateTime"]}).decode()))
    return rows


def priced(key):
    def parse(batch):
        rows = []
        for line in batch:
            bid = loads(line)
            price = bid["price"]
            if price >= 10000:
                rows.append((str(bid[key]), (time(bid["dateTime"]), price)))
        return rows

    return parse


def total(acc, value):
    acc[0] += 1
    acc[1] += value[1]
    return acc


def timed(key):
    def parse(batch):
        rows = []
        for line in batch:
            bid = loads(line)
            rows.append((str(bid[key]), (time(bid["dateTime"]), bid["dateTime"])))
        return rows

    return parse


def session(acc, value):
    at = value[1]
    if at < acc[0]:
        acc[0] = at
    if at > acc[1]:
        acc[1] = at
    acc[2] += 1
    return acc


if job == "stateless":
    write(op.flat_map_batch("map", lines, stateless))
elif job in ("tumbling", "channel"):
    key, quote = ("auction", "") if job == "tumbling" else ("channel", '"')
    down = fold(priced(key), win.TumblingWindower(length=SIZE, align_to=EPOCH), lambda: [0, 0], total, lambda a, b: [a[0] + b[0], a[1] + b[1]])
    write(op.flat_map_batch("lines-out", down, lambda batch: [("0", f'{{"{key}":{quote}{k}{quote},"windowStart":{w * 10000},"count":{a[0]},"sum":{a[1]}}}') for k, (w, a) in batch]))
elif job == "sliding":
    down = fold(timed("auction"), win.SlidingWindower(length=SIZE, offset=SLIDE, align_to=EPOCH), lambda: 0, lambda acc, _: acc + 1, lambda a, b: a + b)
    write(op.flat_map_batch("lines-out", down, lambda batch: [("0", f'{{"auction":{k},"windowStart":{w * 2000},"count":{n}}}') for k, (w, n) in batch]))
elif job == "session":
    down = fold(timed("bidder"), win.SessionWindower(gap=SIZE), lambda: [1 << 62, 0, 0], session, lambda a, b: [min(a[0], b[0]), max(a[1], b[1]), a[2] + b[2]])
    write(op.flat_map_batch("lines-out", down, lambda batch: [("0", f'{{"bidder":{k},"start":{a[0]},"end":{a[1]},"count":{a[2]}}}') for k, (_, a) in batch]))
else:
    raise SystemExit(f"there is no job {job}")
