// The life of one simulated process: when it ends, nothing that it started has any further effect.
import { Latch } from "../async/signal.ts";
import type { FaultPlan } from "../contracts/environment.ts";

/** Alive until `kill`. What it has wrapped stops working at that instant: pending calls never answer, later ones do nothing. */
export class Life {
  #isDead = false;
  #frozen: Latch | undefined;

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  kill(): void {
    this.#isDead = true;
  }

  /** Stops everything without an end, as SIGSTOP does: calls that are made now take effect after `thaw`. */
  freeze(): void {
    this.#frozen ??= new Latch();
  }

  /** Goes on, as SIGCONT does, knowing nothing of what happened meanwhile. */
  thaw(): void {
    this.#frozen?.open();
    this.#frozen = undefined;
  }

  /** The object as this process sees it. */
  bind<Value extends object>(value: Value): Value {
    const calls = new Map<unknown, (...given: unknown[]) => unknown>();
    return new Proxy(value, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        let call = calls.get(member);
        if (call === undefined) calls.set(member, (call = this.#call(target, member as (...given: unknown[]) => unknown)));
        return call;
      },
    });
  }

  /** A fault plan that ends this process at the `visit`-th time it comes to a point, and otherwise does what `inner` does. */
  faults(inner: FaultPlan | undefined): FaultPlan {
    return {
      reach: (point) => {
        if (this.#isDead) return never();
        try {
          const reached = inner?.reach(point);
          return reached instanceof Promise ? reached.catch((error: unknown) => this.#dieOf(error)) : reached;
        } catch (error) {
          return this.#dieOf(error);
        }
      },
    };
  }

  #dieOf(_error: unknown): Promise<void> {
    this.kill();
    return never();
  }

  #call(target: object, method: (...given: unknown[]) => unknown) {
    return (...given: unknown[]): unknown => {
      if (this.#isDead) return never();
      if (this.#frozen !== undefined) return this.#while(this.#frozen.wait().then(() => method.apply(target, given)));
      const answer = method.apply(target, given);
      return answer instanceof Promise ? this.#while(answer) : answer;
    };
  }

  #while(answer: Promise<unknown>): Promise<unknown> {
    return answer.then(
      (value) => (this.#frozen === undefined ? this.#answered(value) : this.#frozen.wait().then(() => this.#answered(value))),
      (error: unknown) => {
        if (this.#isDead) return never();
        throw error;
      },
    );
  }

  #answered(value: unknown): unknown {
    if (this.#isDead) return never();
    return typeof value === "object" && value !== null && hasMethods(value) ? this.bind(value) : value;
  }
}

/** Sessions and files, not plain answers. */
function hasMethods(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) return !(value instanceof Map || value instanceof Uint8Array || Array.isArray(value));
  for (const name in value) if (typeof (value as Record<string, unknown>)[name] === "function") return true;
  return false;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
