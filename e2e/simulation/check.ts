// Holds schedules against what a run without any fault gives; shrinks those that differ.
import type { Schedule } from "./schedule.ts";
import { type Outcome, Simulation } from "./simulation.ts";

/** What became of a schedule; `difference`: what is wrong, in a line. */
export interface Verdict {
  readonly difference: string | undefined;
  readonly outcome: Outcome | undefined;
}

/** Knows what is expected: it depends on the input, the shape of the plan and how a sink writes rows alone. */
export class Checker {
  readonly #expected = new Map<string, Promise<Outcome["outputs"]>>();

  /** Finds out what is expected, once. */
  async prepare(schedule: Schedule): Promise<void> {
    await this.#expectedOf(schedule);
  }

  async check(schedule: Schedule): Promise<Verdict> {
    const expected = await this.#expectedOf(schedule);
    try {
      const outcome = await new Simulation(schedule).run();
      return { difference: differenceOf(expected, outcome.outputs), outcome };
    } catch (error) {
      return { difference: error instanceof Error ? (error.stack ?? error.message) : String(error), outcome: undefined };
    }
  }

  /** The smallest schedule that still differs, as far as leaving out one thing after another leads. */
  async shrink(schedule: Schedule): Promise<Schedule> {
    for (const smaller of smallerThan(schedule)) if ((await this.check(smaller)).difference !== undefined) return await this.shrink(smaller);
    return schedule;
  }

  async #expectedOf({ sinks, ...schedule }: Schedule): Promise<Outcome["outputs"]> {
    const plain = await Promise.all(sinks.map((sink) => this.#plainOf({ ...schedule, sinks: [sink === "files" ? "files" : "sink-first"] })));
    return { late: plain[0]?.["late"] ?? [], ...Object.fromEntries(plain.map((outputs, at) => [`out${at}`, outputs["out0"] ?? []])) };
  }

  /** What one sink has in the end where nothing happens. */
  async #plainOf(schedule: Schedule): Promise<Outcome["outputs"]> {
    const key = `${schedule.input} ${schedule.isLocal} ${schedule.sinks.join()}`;
    let expected = this.#expected.get(key);
    if (expected === undefined) this.#expected.set(key, (expected = new Simulation({ ...schedule, steps: [], isCompleted: false, seed: 1 }).run().then(({ outputs }) => outputs)));
    return await expected;
  }
}

function* smallerThan(schedule: Schedule): Generator<Schedule> {
  const { steps, sinks, isCompleted } = schedule;
  if (isCompleted) yield { ...schedule, isCompleted: false };
  for (const at of steps.keys()) yield { ...schedule, steps: steps.toSpliced(at, 1) };
  if (sinks.length > 1) for (const at of sinks.keys()) yield { ...schedule, sinks: sinks.toSpliced(at, 1) };
  if (schedule.mode === "async") yield { ...schedule, mode: "sync" };
}

function differenceOf(expected: Outcome["outputs"], found: Outcome["outputs"]): string | undefined {
  for (const [name, rows] of Object.entries(expected)) {
    const there = found[name] ?? [];
    const at = Array.from({ length: Math.max(rows.length, there.length) }, (_, index) => index).find((index) => rows[index] !== there[index]);
    if (at !== undefined) return `${name}: ${rows.length} rows expected, ${there.length} found; at ${at} expected ${rows[at] ?? "nothing"}, found ${there[at] ?? "nothing"}`;
  }
  return undefined;
}
