// A model of the protocol of docs/adr/0001, small enough to be explored whole: one shard, records that are numbers, owners that never know of each other.
//   M1. An owner is known by its number alone: it begins, works, and dies at any moment. Any number of them may live at once; a stopped one is one that does
//       not move for a while. Owners are alike but for their numbers: states that differ in nothing else than who is dead are one state.
//   M2. What goes to a store or a sink is a message. It may arrive after its sender has died, and after others have taken over: a late answer, a late write.
//   M3. What was written and not made durable is torn when its writer dies.
//   M4. Time and leases say nothing: a new owner may come at any moment.

/** How a sink commits. */
export type SinkKind = "sink-first" | "store-first";

/** What can be switched off, to see that the model notices; the first five are those of broken.ts. */
export type Rule =
  | "barrier" | "commit-after-publish" | "sink-decides" | "positions-in-transaction" | "fence"
  /** I1: segments are durable before their checkpoint is published. */
  | "durable-first"
  /** I6: what was made visible is not made visible again. */
  | "repeatable"
  /** I7: what a sink may still name is kept. */
  | "named-kept"
  /** I3: epochs are numbered above every epoch known. */
  | "epochs-grow"
  /** Output behind the barrier waits for the next epoch. */
  | "held"
  /** Recovery makes visible again what was published. */
  | "settled"
  /** Recovery aborts nothing that a newer owner has published. */
  | "newest-aborts";

/** What is explored. */
export interface Setting {
  readonly sinks: readonly SinkKind[];
  readonly records: number;
  /** How many owners there are over time. */
  readonly owners: number;
  /** Records are processed while a checkpoint is written. */
  readonly isAsync: boolean;
  /** As an observer of a running pipeline needs it: checkpoints may be taken although nothing has changed, and the last record is not the end. */
  readonly isEndless?: boolean;
  readonly off?: Rule;
}

interface Checkpoint {
  readonly epoch: number;
  readonly position: number;
  readonly by: number;
  readonly isDurable: boolean;
  readonly isDamaged: boolean;
}

/** What a sink has: for readers, sealed for later, and (sink-first) how far it is. */
interface SinkState {
  visible: readonly number[];
  sealed: readonly { readonly epoch: number; readonly by: number; readonly records: readonly number[] }[];
  fence: number;
  epoch: number;
  position: number;
}

type Message =
  | { readonly to: "store"; readonly by: number; readonly epoch: number; readonly position: number; readonly isDurable: boolean; readonly named: readonly number[] }
  | { readonly to: "prepare"; readonly by: number; readonly sink: number; readonly epoch: number; readonly position: number; readonly records: readonly number[] }
  | { readonly to: "transaction"; readonly by: number; readonly sink: number; readonly epoch: number; readonly position: number; readonly records: readonly number[] }
  /** `of`: the owner that has sealed the epoch. Sealed output is named by a stored text: another owner's epoch of the same number is another one. */
  | { readonly to: "visible"; readonly by: number; readonly sink: number; readonly epoch: number; readonly of: number };

type Step = "fence" | "recover" | "restore" | "settle" | "run" | "prepare" | "write" | "sync" | "publish" | "transactions" | "visible" | "committed";

interface Owner {
  readonly id: number;
  step: Step;
  /** The sink that the step is at. */
  sink: number;
  /** A message is on its way, and its answer waited for. */
  waits: boolean;
  position: number;
  /** Of the checkpoint that is being taken, and the one before it. */
  snapshot: number;
  before: number;
  epoch: number;
  newest: number;
  /** What the sinks name now. */
  committed: number;
  /** Whose checkpoint it goes on from. */
  restoredOf: number;
  /** What it found published, and does not go on from. */
  orphans: readonly { readonly epoch: number; readonly by: number }[];
  /** By sink: what it has said (epoch, position), what it has been given, what of it belongs to the checkpoint, up to where it gets nothing. */
  heads: (readonly [number, number])[];
  given: (readonly number[])[];
  taken: (readonly number[])[];
  withheld: number[];
}

/** All there is. */
export interface World {
  owners: Owner[];
  messages: Message[];
  sinks: SinkState[];
  checkpoints: Checkpoint[];
  /** Every epoch that ever was published. */
  published: number[];
  storeFence: number;
  /** The newest owner that the store knows. */
  newestOwner: number;
  begun: number;
  /** The source has let go of everything up to here. */
  trimmed: number;
  isFinished: boolean;
}

/** A thing that can happen: `label` is what an observer of stores and sinks sees of it; undefined: nothing. */
export interface Move {
  readonly label: string | undefined;
  /** The owner that moves, or has sent what arrives. */
  readonly by: number;
  readonly isRecovery: boolean;
  readonly next: World;
  /** The invariant that it breaks. */
  readonly violation: string | undefined;
}

export function beginning({ sinks }: Setting): World {
  return {
    owners: [], messages: [], checkpoints: [], published: [], storeFence: 0, newestOwner: 0, begun: 0, trimmed: 0, isFinished: false,
    sinks: sinks.map(() => ({ visible: [], sealed: [], fence: 0, epoch: 0, position: 0 })),
  };
}

/** A world as text: equal worlds have equal texts. Owners and messages are sorted, so that the order in which they came does not matter. */
export function textOfWorld(world: World): string {
  world.owners.sort((a, b) => a.id - b.id);
  const messages = world.messages.map((message) => JSON.stringify(message)).sort();
  return JSON.stringify({ ...world, messages });
}

export function worldOf(text: string): World {
  const world = JSON.parse(text) as Omit<World, "messages"> & { readonly messages: readonly string[] };
  return { ...world, messages: world.messages.map((message) => JSON.parse(message) as Message) };
}

/** The world in which something happens: a copy that is changed. */
class Happening {
  readonly world: World;
  readonly setting: Setting;
  label: string | undefined;
  violation: string | undefined;

  constructor(text: string, setting: Setting) {
    this.world = worldOf(text);
    this.setting = setting;
  }

  is(rule: Rule): boolean {
    return this.setting.off !== rule;
  }

  /** The number by which stores and sinks know an owner. */
  generation(id: number): number {
    return this.is("fence") ? id : 1;
  }

  owner(id: number): Owner | undefined {
    return this.world.owners.find((owner) => owner.id === id);
  }

  dies(id: number): void {
    this.world.owners = this.world.owners.filter((owner) => owner.id !== id);
    this.world.checkpoints = this.world.checkpoints.map((checkpoint) => (checkpoint.by === id && !checkpoint.isDurable ? { ...checkpoint, isDamaged: true } : checkpoint));
  }

  broken(invariant: string): void {
    this.violation ??= invariant;
  }

  sees(sink: number, records: readonly number[]): void {
    const state = this.world.sinks[sink]!;
    state.visible = [...state.visible, ...records];
    if (state.visible.some((record, at) => record !== at + 1)) this.broken(`I2: sink ${sink} shows ${state.visible.join(" ")}`);
  }
}

/** Everything that can happen next. */
export function movesOf(text: string, setting: Setting): readonly Move[] {
  const { owners, messages, begun, isFinished } = worldOf(text);
  const moves: Move[] = [];
  const add = (by: number, step: Step | undefined, act: (happening: Happening) => void): void => {
    const happening = new Happening(text, setting);
    act(happening);
    const { label, world, violation } = happening;
    if (label !== impossible) moves.push({ label, by, isRecovery: step === "restore" || step === "settle", next: world, violation });
  };
  if (begun < setting.owners && !isFinished) add(begun + 1, undefined, begin);
  messages.forEach(({ by }, at) => add(by, undefined, (happening) => arrive(happening, at)));
  for (const { id, step, waits, position } of owners) {
    add(id, undefined, (happening) => {
      happening.label = `${id} dies`;
      happening.dies(id);
    });
    if (!waits) add(id, step, (happening) => acts[step](happening, happening.owner(id)!));
    const isBehindBarrier = !["fence", "recover", "restore", "settle", "run", "prepare"].includes(step);
    if (position < setting.records && (step === "run" || (setting.isAsync && isBehindBarrier))) add(id, undefined, (happening) => read(happening.owner(id)!));
  }
  return moves.filter(({ label }) => label !== impossible);
}

/** What cannot happen in this state. */
const impossible = "impossible";

function begin(happening: Happening): void {
  const { world } = happening;
  const id = ++world.begun;
  const none = world.sinks.map(() => []);
  happening.label = `${id} owns`;
  world.owners.push({
    id, step: "fence", sink: 0, waits: false, position: 0, snapshot: 0, before: -1, epoch: 0, newest: 0, committed: 0, restoredOf: 0, orphans: [],
    heads: world.sinks.map(() => [0, 0] as const), given: none, taken: none, withheld: world.sinks.map(() => 0),
  });
}

type Act = (happening: Happening, owner: Owner) => void;

const acts: Readonly<Record<Step, Act>> = {
  fence(happening, owner) {
    const { world } = happening;
    const generation = happening.generation(owner.id);
    if (world.storeFence > generation) return happening.dies(owner.id);
    happening.label = `${owner.id} fences`;
    world.storeFence = generation;
    world.newestOwner = Math.max(world.newestOwner, owner.id);
    goTo(owner, "recover");
  },
  recover(happening, owner) {
    const sink = nextSink(happening, owner, "sink-first");
    if (sink === undefined) return goTo(owner, "restore");
    const state = happening.world.sinks[sink]!;
    const generation = happening.generation(owner.id);
    if (state.fence > generation) return happening.dies(owner.id);
    happening.label = `${owner.id} asks ${sink}`;
    state.fence = generation;
    owner.heads[sink] = [state.epoch, state.position];
    owner.sink++;
  },
  restore(happening, owner) {
    const { world, setting } = happening;
    const heads = owner.heads.filter((_, sink) => setting.sinks[sink] === "sink-first").map(([epoch]) => epoch);
    if (happening.is("newest-aborts") && world.checkpoints.some(({ epoch, by }) => by > owner.id && epoch > Math.min(...heads))) return happening.dies(owner.id);
    const bound = happening.is("sink-decides") ? Math.min(...heads) : Infinity;
    const fitting = world.checkpoints.filter(({ epoch }) => epoch <= bound).sort((a, b) => b.epoch - a.epoch);
    const restored = fitting.find(({ isDamaged }) => !isDamaged);
    if (restored === undefined && fitting.length > 0) happening.broken("I1: only damaged checkpoints are left");
    owner.position = restored?.position ?? 0;
    owner.snapshot = owner.position;
    owner.committed = restored?.epoch ?? 0;
    owner.restoredOf = restored?.by ?? 0;
    owner.orphans = world.checkpoints.filter(({ epoch }) => epoch > owner.committed).map(({ epoch, by }) => ({ epoch, by }));
    const known = [...world.checkpoints.map(({ epoch }) => epoch), ...heads];
    owner.newest = happening.is("epochs-grow") ? Math.max(0, ...known) : owner.committed;
    owner.withheld = owner.heads.map(([epoch, position]) => (epoch > owner.committed ? position : 0));
    // What one that was replaced asks for harms nobody: it cannot commit.
    if (owner.position < world.trimmed && owner.id === world.newestOwner) happening.broken("I7: the source is asked for what it has let go");
    owner.epoch = owner.committed;
    goTo(owner, "settle");
  },
  settle(happening, owner) {
    const sink = nextSink(happening, owner, "store-first");
    if (sink === undefined) return goTo(owner, "run");
    const state = happening.world.sinks[sink]!;
    owner.sink++;
    if (owner.committed > 0 && happening.is("settled")) makeVisible(happening, { to: "visible", by: owner.id, sink, epoch: owner.committed, of: owner.restoredOf });
    // What was published and is not gone on from never counts; what was sealed and not published, nobody names any more.
    state.sealed = state.sealed.filter(({ epoch, by }) => !owner.orphans.some((orphan) => orphan.epoch === epoch && orphan.by === by));
  },
  run(happening, owner) {
    const isReplay = owner.withheld.some((until) => until > owner.position);
    const hasChanged = owner.position > owner.snapshot || owner.position === happening.setting.records || happening.setting.isEndless === true;
    if (isReplay || !hasChanged) return void (happening.label = impossible);
    owner.epoch = ++owner.newest;
    owner.snapshot = owner.position;
    if (!happening.is("barrier")) {
      owner.snapshot = owner.before < 0 ? owner.position : owner.before;
      owner.before = owner.position;
    }
    goTo(owner, "prepare");
  },
  prepare(happening, owner) {
    const { sink } = owner;
    const kind = happening.setting.sinks[sink];
    if (kind === undefined) return goTo(owner, "write");
    owner.taken[sink] = owner.given[sink]!;
    owner.given[sink] = [];
    owner.sink++;
    if (kind === "store-first") send(happening, owner, { to: "prepare", by: owner.id, sink, epoch: owner.epoch, position: owner.snapshot, records: owner.taken[sink]! });
  },
  write: (happening, owner) => goTo(owner, happening.is("durable-first") ? "sync" : "publish"),
  sync(happening, owner) {
    goTo(owner, happening.is("commit-after-publish") ? "publish" : "visible");
  },
  publish(happening, owner) {
    const named = happening.is("named-kept") ? [owner.committed, owner.epoch] : [];
    send(happening, owner, { to: "store", by: owner.id, epoch: owner.epoch, position: owner.snapshot, isDurable: happening.is("durable-first"), named });
    goTo(owner, "transactions");
  },
  transactions(happening, owner) {
    const sink = nextSink(happening, owner, "sink-first");
    if (sink === undefined) return goTo(owner, happening.is("commit-after-publish") ? "visible" : "committed");
    const records = happening.is("held") ? owner.taken[sink]! : [...owner.taken[sink]!, ...owner.given[sink]!];
    if (!happening.is("held")) owner.given[sink] = [];
    owner.sink++;
    send(happening, owner, { to: "transaction", by: owner.id, sink, epoch: owner.epoch, position: happening.is("positions-in-transaction") ? owner.snapshot : 0, records });
  },
  visible(happening, owner) {
    const sink = nextSink(happening, owner, "store-first");
    if (sink === undefined) return goTo(owner, happening.is("commit-after-publish") ? "committed" : "publish");
    owner.sink++;
    send(happening, owner, { to: "visible", by: owner.id, sink, epoch: owner.epoch, of: owner.id });
  },
  committed(happening, owner) {
    const { world, setting } = happening;
    owner.committed = owner.epoch;
    world.trimmed = Math.max(world.trimmed, owner.snapshot);
    goTo(owner, "run");
    if (setting.isEndless === true || owner.snapshot < setting.records || owner.given.some((given) => given.length > 0)) return;
    for (const [sink, { visible }] of world.sinks.entries()) if (visible.length !== setting.records) happening.broken(`I2: at the end sink ${sink} shows ${visible.join(" ") || "nothing"}`);
    world.isFinished = true;
    happening.dies(owner.id);
  },
};

function goTo(owner: Owner, step: Step): void {
  owner.step = step;
  owner.sink = 0;
}

/** The sink of this kind that the owner is at, or comes to next. */
function nextSink({ setting }: Happening, owner: Owner, kind: SinkKind): number | undefined {
  while (owner.sink < setting.sinks.length && setting.sinks[owner.sink] !== kind) owner.sink++;
  return owner.sink < setting.sinks.length ? owner.sink : undefined;
}

function read(owner: Owner): void {
  const record = ++owner.position;
  owner.given = owner.given.map((given, sink) => (record > owner.withheld[sink]! ? [...given, record] : given));
}

function send({ world }: Happening, owner: Owner, message: Message): void {
  world.messages.push(message);
  owner.waits = true;
}

/** A message arrives, whether its sender lives or not. */
function arrive(happening: Happening, at: number): void {
  const { world } = happening;
  const [message] = world.messages.splice(at, 1);
  if (message === undefined) return;
  const isTaken = { store: publish, prepare, transaction, visible: makeVisible }[message.to](happening, message as never);
  const owner = happening.owner(message.by);
  if (owner === undefined) return;
  owner.waits = false;
  if (!isTaken) happening.dies(owner.id);
}

function publish(happening: Happening, { by, epoch, position, isDurable, named }: Extract<Message, { to: "store" }>): boolean {
  const { world } = happening;
  if (world.storeFence > happening.generation(by)) return false;
  happening.label = `${by} publishes ${position}`;
  if (by < world.newestOwner) happening.broken(`I4: owner ${by} published after owner ${world.newestOwner} had taken over`);
  if (world.published.some((other) => other >= epoch)) happening.broken(`I3: epoch ${epoch} was published after ${Math.max(...world.published)}`);
  world.published.push(epoch);
  const all = [...world.checkpoints, { epoch, position, by, isDurable, isDamaged: !isDurable && happening.owner(by) === undefined }];
  world.checkpoints = all.filter((checkpoint) => checkpoint.epoch === epoch || named.includes(checkpoint.epoch));
  return true;
}

function prepare(happening: Happening, { by, sink, epoch, position, records }: Extract<Message, { to: "prepare" }>): boolean {
  happening.label = `${by} prepares ${sink} ${position}: ${records.join(" ")}`;
  const state = happening.world.sinks[sink]!;
  state.sealed = [...state.sealed, { epoch, by, records }];
  return true;
}

function transaction(happening: Happening, { by, sink, epoch, position, records }: Extract<Message, { to: "transaction" }>): boolean {
  const state = happening.world.sinks[sink]!;
  const generation = happening.generation(by);
  if (state.fence > generation || epoch <= state.epoch) return false;
  happening.label = `${by} commits ${sink} ${position}: ${records.join(" ")}`;
  if (!happening.world.published.includes(epoch)) happening.broken(`I5: epoch ${epoch} was committed before it was published`);
  Object.assign(state, { fence: generation, epoch, position });
  happening.sees(sink, records);
  return true;
}

function makeVisible(happening: Happening, { by, sink, epoch, of }: Extract<Message, { to: "visible" }>): boolean {
  happening.label = `${by} has ${sink} show what ${of} sealed`;
  const state = happening.world.sinks[sink]!;
  const sealed = state.sealed.find((one) => one.epoch === epoch && one.by === of);
  if (sealed === undefined) return true;
  if (!happening.world.published.includes(epoch)) happening.broken(`I5: epoch ${epoch} became visible before it was published`);
  if (happening.is("repeatable")) state.sealed = state.sealed.filter((one) => one !== sealed);
  happening.sees(sink, sealed.records);
  return true;
}
