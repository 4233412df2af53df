// What jobs over the events of Nexmark read. All events are in one file: what an event does not have is null.
import { type DataType, field, nullable, type Pipeline, t } from "@streamflow/core";
import { filter } from "@streamflow/transform";
import { either, type Job, readFile } from "./job.ts";

const fields = {
  kind: t.string(), auction: nullable(t.int32()), bidder: nullable(t.int32()), price: nullable(t.int32()), dateTime: t.timestamp(), extra: t.string(),
  id: nullable(t.int32()), name: nullable(t.string()), city: nullable(t.string()), state: nullable(t.string()),
  itemName: nullable(t.string()), expires: nullable(t.timestamp()), seller: nullable(t.int32()), category: nullable(t.int32()),
} as const;

/** An event, as far as the queries read it. The fields of its kind are there. */
export interface Event {
  readonly kind: "person" | "auction" | "bid";
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
  readonly extra: string;
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly itemName: string;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
}

/** Events, as they are read. */
export type Events = Pipeline<Event, Event>;

/** The named fields of all events, with their kind. */
export function read(job: Job, ...names: readonly (keyof Event)[]): Events {
  return readFile(job, t.struct(Object.fromEntries((["kind", ...names] as const).map((name): [string, DataType] => [name, fields[name]]))));
}

/** The events of one kind. */
export function only(job: Job, events: Events, kind: Event["kind"]): Events {
  return events.addStage(filter(either(job, (event: Event) => event.kind === kind, field("kind").eq(kind))), { id: `${kind}s` });
}

/** The named fields of bids. */
export function bids(job: Job, ...names: readonly (keyof Event)[]): Events {
  return only(job, read(job, ...names), "bid");
}
