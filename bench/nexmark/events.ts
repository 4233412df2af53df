// Events of an auction house: people register, open auctions and bid. One fixed dialect of Nexmark, in whole numbers alone, so that it is the same
// bytes everywhere: README.md. Event n depends on the seed and n, and on nothing else.
// @see Tucker, Tufte, Papadimos, Maier, "NEXMark: A Benchmark for Queries over Data Streams", 2002; proportions of Apache Beam's suite
import { randomOf } from "../random.ts";

/** What events are made from. Equal options give equal bytes. */
export interface NexmarkOptions {
  readonly events: number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Number of the first event. @defaultValue 0 */
  readonly first?: number;
}

/** Of 50 events in a row the first is a person, the next three are auctions, all others bids. */
const round = 50;
const auctionsPerRound = 3;
const firstId = 1_000;
const firstCategory = 10;
/** Event time of event 0: 2015-07-15T00:00:00Z. */
const startMs = 1_436_918_400_000;
const eventsPerMs = 10;
/** Chosen from: the newest so many, and a few ids that are not there yet. */
const inFlight = { auctions: 100, people: 1_000, ahead: 10 };
/** Every hundredth auction, seller and bidder is hot while the hundred is the newest. */
const hotEvery = 100;
/** How long the next hundred auctions take. */
const horizonMs = Math.floor((100 * round) / auctionsPerRound / eventsPerMs);
/** Average lengths of lines. */
const lineLength = { person: 240, auction: 540, bid: 249 };
const channels = 10_000;
const states = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const cities = ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];
const firstNames = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const lastNames = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const hotChannels = ["Google", "Facebook", "Baidu", "Apple"];
const letters = 1 << 16;

/** Lines of events. */
export class NexmarkEvents {
  readonly #seed: number;
  readonly #filler: string;
  #random: () => number = () => 0;

  constructor(seed = 1) {
    this.#seed = seed;
    const random = randomOf(seed);
    this.#filler = Array.from({ length: letters + 1_024 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
  }

  /** Event n as a line of JSON, with its newline. */
  line(n: number): string {
    this.#random = randomOf(Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(this.#seed, 0x85ebca6b));
    const at = n % round;
    if (at === 0) return this.#person(n);
    return at <= auctionsPerRound ? this.#auction(n) : this.#bid(n);
  }

  #person(n: number): string {
    const name = `${this.#one(firstNames)} ${this.#one(lastNames)}`;
    const card = Array.from({ length: 4 }, () => String(this.#below(10_000)).padStart(4, "0")).join(" ");
    return this.#padded(lineLength.person, `{"kind":"person","id":${firstId + newestPerson(n)},"name":"${name}","emailAddress":"${this.#word(7)}@${this.#word(5)}.com","creditCard":"${card}","city":"${this.#one(cities)}","state":"${this.#one(states)}","dateTime":${timeMs(n)},`);
  }

  #auction(n: number): string {
    const initialBid = this.#price();
    const seller = this.#below(4) > 0 ? hot(newestPerson(n)) : this.#recent(newestPerson(n), inFlight.people);
    const expires = timeMs(n) + 1 + this.#below(2 * horizonMs);
    return this.#padded(lineLength.auction, `{"kind":"auction","id":${firstId + newestAuction(n)},"itemName":"${this.#word(20)}","description":"${this.#word(100)}","initialBid":${initialBid},"reserve":${initialBid + this.#price()},"dateTime":${timeMs(n)},"expires":${expires},"seller":${firstId + seller},"category":${firstCategory + this.#below(5)},`);
  }

  #bid(n: number): string {
    const auction = this.#below(2) > 0 ? hot(newestAuction(n)) : this.#recent(newestAuction(n), inFlight.auctions);
    const bidder = this.#below(4) > 0 ? hot(newestPerson(n)) + 1 : this.#recent(newestPerson(n), inFlight.people);
    const price = this.#price();
    const [channel, query] = this.#channel();
    const url = `https://www.nexmark.example/${this.#word(5)}/${this.#word(5)}/item.htm?query=1${query}`;
    return this.#padded(lineLength.bid, `{"kind":"bid","auction":${firstId + auction},"bidder":${firstId + bidder},"price":${price},"channel":"${channel}","url":"${url}","dateTime":${timeMs(n)},`);
  }

  #channel(): readonly [string, string] {
    if (this.#below(2) > 0) return [this.#one(hotChannels), ""];
    const number = this.#below(channels);
    return [`channel-${number}`, this.#below(10) > 0 ? `&channel_id=${number * 7_919}` : ""];
  }

  /** From 100 to below 10⁸, as many in each power of ten. */
  #price(): number {
    const unit = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000][this.#below(6)]!;
    return unit + this.#below(9 * unit);
  }

  /** One of the newest, or of those to come. */
  #recent(newest: number, count: number): number {
    const oldest = Math.max(0, newest - count);
    return oldest + this.#below(newest - oldest + 1 + inFlight.ahead);
  }

  /** Ends a line with the field `extra`, so that its average length is that; 20 % more or less of the rest. */
  #padded(length: number, head: string): string {
    const rest = Math.max(0, length - head.length - 13);
    const fifth = Math.floor(rest / 5);
    return `${head}"extra":"${this.#word(rest - fifth + this.#below(2 * fifth + 1))}"}\n`;
  }

  #word(length: number): string {
    const from = this.#below(letters);
    return this.#filler.slice(from, from + length);
  }

  #one(items: readonly string[]): string {
    return items[this.#below(items.length)]!;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function timeMs(n: number): number {
  return startMs + Math.floor(n / eventsPerMs);
}

/** Number of the newest person at event n, from 0. */
function newestPerson(n: number): number {
  return Math.floor(n / round);
}

/** Number of the newest auction at event n, from 0; before the first, that one. */
function newestAuction(n: number): number {
  const inRound = Math.min(n % round, auctionsPerRound) - 1;
  return Math.max(0, Math.floor(n / round) * auctionsPerRound + inRound);
}

function hot(newest: number): number {
  return newest - (newest % hotEvery);
}

/** Events as NDJSON, in chunks of whole lines. */
export function* nexmarkLines({ events, seed = 1, first = 0 }: NexmarkOptions, chunkChars: number = 1 << 20): Generator<Buffer> {
  const made = new NexmarkEvents(seed);
  let text = "";
  for (let n = first; n < first + events; n++) {
    text += made.line(n);
    if (text.length < chunkChars) continue;
    yield Buffer.from(text, "latin1");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "latin1");
}
