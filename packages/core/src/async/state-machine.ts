// A state that moves only along a table.
import { StreamFlowError } from "../errors.ts";

/** From each state, where one may go next. */
export type Moves<State extends string> = Readonly<Record<State, readonly State[]>>;

/** Told after every move. */
export type MoveListener<State extends string> = (to: State, from: State) => void;

/** What a state machine is made of. */
export interface StateMachineOptions<State extends string> {
  /** What this is, for errors: `pipeline`. */
  readonly kind: string;
  /** Which one. */
  readonly name: string;
  readonly moves: Moves<State>;
  readonly initial: State;
}

/** Holds a state, and refuses moves that the table does not have. */
export class StateMachine<State extends string> {
  // Members of their own, no text that is put together before it is needed, and no set: there may be very many of these.
  readonly #kind: string;
  readonly #name: string;
  readonly #moves: Moves<State>;
  /** Few have more than one: only those take an array. */
  #listeners: MoveListener<State> | readonly MoveListener<State>[] | undefined = undefined;
  #state: State;

  constructor({ kind, name, moves, initial }: StateMachineOptions<State>) {
    this.#kind = kind;
    this.#name = name;
    this.#moves = moves;
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  can(to: State): boolean {
    return this.#moves[this.#state].includes(to);
  }

  /** @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL, naming operation and state; nothing has changed then. */
  move(to: State, operation: string): void {
    const from = this.#state;
    if (!this.can(to)) throw this.#illegal(operation, `only from ${this.#statesBefore(to)} can it become ${to}`);
    this.#state = to;
    for (const listener of this.#all()) listener(to, from);
  }

  /**
   * Refuses an operation that needs one of these states, without moving.
   * @throws {@link StreamFlowError} SF_LIFECYCLE_ILLEGAL, naming operation and state.
   */
  require(states: readonly State[], operation: string): void {
    if (!states.includes(this.#state)) throw this.#illegal(operation, `it must be ${states.join(" or ")}`);
  }

  /** Calls `listener` after every move, in the order of registering. Answers what takes it away again. */
  onMove(listener: MoveListener<State>): () => void {
    this.#listeners = this.#listeners === undefined ? listener : [...this.#all(), listener];
    return () => void (this.#listeners = this.#all().filter((other) => other !== listener));
  }

  #all(): readonly MoveListener<State>[] {
    if (this.#listeners === undefined) return [];
    return typeof this.#listeners === "function" ? [this.#listeners] : this.#listeners;
  }

  #illegal(operation: string, hint: string): StreamFlowError {
    return new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `cannot ${operation} ${this.#kind} "${this.#name}": it is ${this.#state}`, { hint, context: { operation, state: this.#state } });
  }

  #statesBefore(to: State): string {
    const moves = this.#moves;
    const before = (Object.keys(moves) as State[]).filter((state) => moves[state].includes(to));
    return before.join(" or ") || "nowhere";
  }
}

/** Draws a table as a Mermaid state diagram. */
export function mermaidOf<State extends string>(moves: Moves<State>, initial: State): string {
  const states = Object.keys(moves) as State[];
  const ends = states.filter((state) => moves[state].length === 0);
  const lines = [
    "stateDiagram-v2",
    `  [*] --> ${initial}`,
    ...states.flatMap((from) => moves[from].map((to) => `  ${from} --> ${to}`)),
    ...ends.map((state) => `  ${state} --> [*]`),
  ];
  return lines.join("\n");
}
