//! Timely dataflow: each worker reads and parses its own partition, records carry a coarse timestamp (window, pane or second),
//! an exchange by key, one stateful operator driven by the frontier. serde_json with borrowed strings.
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::{Capability, Filter, Inspect, Map, Operator};
use timely::dataflow::InputHandle;

#[derive(Deserialize)]
struct Bid<'a> {
    auction: u64,
    bidder: u64,
    price: u64,
    channel: &'a str,
    #[serde(rename = "dateTime")]
    ts: u64,
}

fn each(path: &str, mut f: impl FnMut(&Bid)) {
    let mut file = File::open(path).unwrap();
    let b = 1 << 20;
    let mut buf = vec![0u8; b + 65536];
    let mut rest = 0;
    loop {
        let n = file.read(&mut buf[rest..rest + b]).unwrap();
        if n == 0 { break; }
        let end = rest + n;
        let mut p = 0;
        while let Some(q) = memchr(&buf[p..end]) {
            let bid: Bid = serde_json::from_slice(&buf[p..p + q]).unwrap();
            f(&bid);
            p += q + 1;
        }
        buf.copy_within(p..end, 0);
        rest = end - p;
    }
}
fn memchr(b: &[u8]) -> Option<usize> { memchr::memchr(10, b) }
fn h(k: u64) -> u64 { let x = k.wrapping_mul(0x9E37_79B9_7F4A_7C15); x ^ (x >> 32) }

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (job, files, out, th) = (a[1].clone(), a[2].split(',').map(String::from).collect::<Vec<_>>(), a[3].clone(), a[4].parse::<usize>().unwrap());
    std::fs::create_dir_all(&out).unwrap();
    let config = if th == 1 { timely::Config::thread() } else { timely::Config::process(th) };
    timely::execute(config, move |worker| {
        let w = worker.index();
        let mut sink = BufWriter::with_capacity(1 << 16, File::create(format!("{out}/part-{w}")).unwrap());
        match job.as_str() {
            "stateless" => {
                let mut input: InputHandle<u64, _> = InputHandle::new();
                worker.dataflow::<u64, _, _>(|s| {
                    input.to_stream(s).container::<Vec<(u64, u64, String, u64)>>()
                        .filter(|x| x.1 >= 10000).map(|(a, p, c, t)| (a, p * 2, c, t)).container::<Vec<_>>()
                        .inspect_batch(move |_, v| for (a, p, c, t) in v { writeln!(sink, "{{\"auction\":{a},\"price\":{p},\"channel\":\"{c}\",\"dateTime\":{t}}}").unwrap(); });
                });
                let mut n = 0u64;
                each(&files[w], |b| { input.send((b.auction, b.price, b.channel.to_owned(), b.ts)); n += 1; if n % 8192 == 0 { input.advance_to(n); worker.step(); } });
            }
            "tumbling" => {
                let mut input: InputHandle<u64, _> = InputHandle::new();
                worker.dataflow::<u64, _, _>(|s| {
                    input.to_stream(s).container::<Vec<(u64, u64)>>().unary_frontier(Exchange::new(|x: &(u64, u64)| h(x.0)), "window", |_, _| {
                        let mut open: BTreeMap<u64, (Capability<u64>, FxHashMap<u64, (u64, u64)>)> = BTreeMap::new();
                        move |(input, frontier), output| {
                            input.for_each_time(|time, data| {
                                let m = &mut open.entry(*time.time()).or_insert_with(|| (time.retain(), FxHashMap::default())).1;
                                for v in data { for (k, p) in v.drain(..) { let e = m.entry(k).or_insert((0, 0)); e.0 += 1; e.1 += p; } }
                            });
                            while let Some(e) = open.first_entry() {
                                if frontier.less_equal(e.key()) { break; }
                                let (t, (cap, m)) = e.remove_entry();
                                let mut s = output.session(&cap);
                                for (k, (c, p)) in m { s.give((k, t, c, p)); }
                            }
                        }
                    }).container::<Vec<_>>()
                    .inspect_batch(move |_, v| for (k, t, c, p) in v { writeln!(sink, "{{\"auction\":{k},\"windowStart\":{t},\"count\":{c},\"sum\":{p}}}").unwrap(); });
                });
                let mut cur = 0;
                let mut n = 0u64;
                each(&files[w], |b| {
                    if b.price >= 10000 { let t = b.ts - b.ts % 10000; if t != cur { cur = t; input.advance_to(t); } input.send((b.auction, b.price)); }
                    n += 1; if n % 8192 == 0 { worker.step(); }
                });
            }
            "sliding" => {
                let mut input: InputHandle<u64, _> = InputHandle::new();
                worker.dataflow::<u64, _, _>(|s| {
                    input.to_stream(s).container::<Vec<u64>>().unary_frontier(Exchange::new(|x: &u64| h(*x)), "hop", |_, _| {
                        let mut panes: BTreeMap<u64, FxHashMap<u64, u64>> = BTreeMap::new();
                        let mut wins: BTreeMap<u64, Capability<u64>> = BTreeMap::new();
                        move |(input, frontier), output| {
                            input.for_each_time(|time, data| {
                                let t = *time.time();
                                let mut fresh = false;
                                let m = panes.entry(t).or_insert_with(|| { fresh = true; FxHashMap::default() });
                                for v in data { for k in v.drain(..) { *m.entry(k).or_insert(0) += 1; } }
                                if fresh { let c = time.retain(); for i in 0..5 { let ws = t - 2000 * i; wins.entry(ws).or_insert_with(|| c.delayed(&(ws + 8000))); } }
                            });
                            while let Some(e) = wins.first_entry() {
                                let ws = *e.key();
                                if frontier.less_equal(&(ws + 8000)) { break; }
                                let cap = e.remove();
                                let mut acc: FxHashMap<u64, u64> = FxHashMap::default();
                                for (_, m) in panes.range(ws..ws + 10000) { for (k, c) in m { *acc.entry(*k).or_insert(0) += c; } }
                                panes.remove(&ws);
                                let mut s = output.session(&cap);
                                for (k, c) in acc { s.give((k, ws, c)); }
                            }
                        }
                    }).container::<Vec<_>>()
                    .inspect_batch(move |_, v| for (k, t, c) in v { writeln!(sink, "{{\"auction\":{k},\"windowStart\":{t},\"count\":{c}}}").unwrap(); });
                });
                let mut cur = 0;
                let mut n = 0u64;
                each(&files[w], |b| {
                    let t = b.ts - b.ts % 2000; if t != cur { cur = t; input.advance_to(t); } input.send(b.auction);
                    n += 1; if n % 8192 == 0 { worker.step(); }
                });
            }
            _ => {
                let mut input: InputHandle<u64, _> = InputHandle::new();
                worker.dataflow::<u64, _, _>(|s| {
                    input.to_stream(s).container::<Vec<(u64, u64)>>().unary_frontier(Exchange::new(|x: &(u64, u64)| h(x.0)), "session", |first, _| {
                        let mut hold = Some(first);
                        let mut queue: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
                        let mut open: FxHashMap<u64, (u64, u64, u64)> = FxHashMap::default();
                        move |(input, frontier), output| {
                            input.for_each_time(|time, data| { let q = queue.entry(*time.time()).or_default(); for v in data { q.append(v); } });
                            while let Some(e) = queue.first_entry() {
                                if frontier.less_equal(e.key()) { break; }
                                let (t, mut v) = e.remove_entry();
                                v.sort_unstable_by_key(|x| x.1);
                                let cap = hold.as_mut().unwrap();
                                cap.downgrade(&t);
                                let mut s = output.session(cap);
                                for (k, ts) in v {
                                    match open.get_mut(&k) {
                                        Some(x) if ts - x.1 <= 10000 => { x.1 = ts; x.2 += 1; }
                                        Some(x) => { s.give((k, x.0, x.1, x.2)); *x = (ts, ts, 1); }
                                        None => { open.insert(k, (ts, ts, 1)); }
                                    }
                                }
                                open.retain(|k, x| if x.1 + 10000 < t { s.give((*k, x.0, x.1, x.2)); false } else { true });
                            }
                            if frontier.is_empty() {
                                if let Some(cap) = hold.take() { let mut s = output.session(&cap); for (k, x) in open.drain() { s.give((k, x.0, x.1, x.2)); } }
                            }
                        }
                    }).container::<Vec<_>>()
                    .inspect_batch(move |_, v| for (k, a, b, c) in v { writeln!(sink, "{{\"bidder\":{k},\"start\":{a},\"end\":{b},\"count\":{c}}}").unwrap(); });
                });
                let mut cur = 0;
                let mut n = 0u64;
                each(&files[w], |b| {
                    let t = b.ts - b.ts % 1000; if t != cur { cur = t; input.advance_to(t); } input.send((b.bidder, b.ts));
                    n += 1; if n % 8192 == 0 { worker.step(); }
                });
            }
        }
    }).unwrap();
}
