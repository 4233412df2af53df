// Windows in YAML.
import type { ComponentSpec, ConfigField } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { stageSpec } from "../operator-stage.ts";
import { global, session, sliding, tumbling, type Windows } from "./assigners.ts";

const duration = { kind: "duration", minMs: 1 } as const;
const whole = { kind: "integer", min: 1 } as const;
const offset: ConfigField = { type: { kind: "duration" }, doc: "Moves every window by this much; without it they are aligned to 1970-01-01T00:00Z." };

/** Fields that stages with windows share. */
export const windowFields: Readonly<Record<"tumbling" | "sliding" | "allowedLateness", ConfigField>> = {
  tumbling: {
    type: {
      kind: "either",
      options: [
        duration,
        {
          kind: "object",
          fields: {
            size: { type: duration, doc: "Length of a window, in event time." },
            offset,
            count: { type: whole, doc: "Instead of a size: records of a key in a window." },
          },
        },
      ],
    },
    doc: "Windows that do not overlap: a size, or a count of records.",
  },
  sliding: {
    type: {
      kind: "object",
      fields: {
        size: { type: duration, doc: "Length of a window, in event time." },
        slide: { type: duration, doc: "From the start of a window to the start of the next; greater than the size it leaves gaps." },
        offset,
        count: { type: whole, doc: "Instead of a size: records of a key in a window." },
        every: { type: whole, doc: "With count: records from the start of a window to the start of the next." },
      },
    },
    doc: "Windows that overlap.",
  },
  allowedLateness: { type: { kind: "duration", minMs: 0 }, doc: "How long after its end, in event time, a window still takes late records. Never delays the first firing." },
};

type Parsed = Readonly<Record<string, unknown>>;

const kinds = ["tumbling", "sliding", "session", "global"] as const;

/**
 * The windows that a parsed YAML mapping names.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID unless it names exactly one kind, completely.
 */
export function windowsOf(parsed: Parsed): Windows {
  const named = kinds.filter((kind) => parsed[kind] !== undefined && parsed[kind] !== false);
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `name one kind of windows, got ${named.join(" and ") || "none"}`, { hint: `one of: ${kinds.join(", ")}` });
  }
  const value = parsed[kind];
  switch (kind) {
    case "tumbling": return tumblingOf(typeof value === "number" ? { size: value } : (value as Parsed));
    case "sliding": return slidingOf(value as Parsed);
    case "session": return sessionOf(typeof value === "number" ? { gap: value } : (value as Parsed));
    case "global": return global();
  }
}

function tumblingOf({ size, count, offset: offsetMs }: Parsed): Windows {
  if (typeof count === "number" && size === undefined && offsetMs === undefined) return tumbling({ count });
  if (typeof size === "number" && count === undefined) return tumbling({ sizeMs: size, ...offsetEntry(offsetMs) });
  throw new StreamFlowError("SF_CONFIG_INVALID", "tumbling takes either size (and offset) or count");
}

function slidingOf({ size, slide, count, every, offset: offsetMs }: Parsed): Windows {
  const timed = typeof size === "number" && typeof slide === "number";
  const counted = typeof count === "number" && typeof every === "number";
  if (counted && size === undefined && slide === undefined && offsetMs === undefined) return sliding({ count, every });
  if (timed && count === undefined && every === undefined) return sliding({ sizeMs: size, slideMs: slide, ...offsetEntry(offsetMs) });
  throw new StreamFlowError("SF_CONFIG_INVALID", "sliding takes either size and slide (and offset), or count and every");
}

function sessionOf({ gap, count }: Parsed): Windows {
  return session({ gapMs: gap as number, ...(count === undefined ? {} : { maxCount: count as number }) });
}

function offsetEntry(offsetMs: unknown): { readonly offsetMs?: number } {
  return offsetMs === undefined ? {} : { offsetMs: offsetMs as number };
}

/** `window` in YAML. */
export const windowSpec: ComponentSpec<"stage"> = stageSpec({
  type: "window",
  summary: "Aggregates the records of each key by windows.",
  fields: {
    tumbling: windowFields.tumbling,
    sliding: windowFields.sliding,
    session: {
      type: {
        kind: "either",
        options: [
          duration,
          {
            kind: "object",
            fields: {
              gap: { type: duration, doc: "A session ends when no record came for this long, in event time.", required: true },
              count: { type: whole, doc: "A session also closes at this many records." },
            },
          },
        ],
      },
      doc: "Windows of activity: a gap, and possibly a count of records.",
    },
    global: { type: { kind: "boolean" }, doc: "One window per key that never ends; it fires by `early`, and at the end of a bounded input.", default: false },
    aggregate: { type: { kind: "map", value: { kind: "aggregate" } }, doc: "Name of the result field: its aggregate.", required: true },
    allowedLateness: windowFields.allowedLateness,
    mode: {
      type: { kind: "string", oneOf: ["accumulating", "discarding"] },
      doc: "What a firing holds: everything so far (the default), or what is new since the last one.",
    },
    early: {
      type: {
        kind: "object",
        fields: {
          every: { type: duration, doc: "Every so much event time." },
          everyProcessing: { type: duration, doc: "At most every so much processing time. Makes the stage non-deterministic." },
          count: { type: whole, doc: "When a key's window got so many records since it last fired." },
        },
      },
      doc: "Firings before a window's end, for keys with something new.",
    },
    ttl: { type: { kind: "duration", minMs: 0 }, doc: "Count and global windows: a key without records for this long, in event time, is forgotten." },
    emitPartial: { type: { kind: "boolean" }, doc: "Count windows: what was begun and not filled is emitted at the end." },
  },
  example: "type: window\ntumbling: 1h\nallowedLateness: 3h\naggregate:\n  flights: count()\n  mean: avg(delay)\n  p95: quantile(delay, 0.95)",
  config: ({ aggregate, mode, early, ttl, emitPartial, allowedLateness, ...kind }) => ({
    window: windowsOf(kind),
    aggregate,
    mode,
    early: early === undefined ? undefined : earlyOf(early as Parsed),
    allowedLatenessMs: allowedLateness,
    ttlMs: ttl,
    emitPartial,
  }),
});

function earlyOf({ every, everyProcessing, count }: Parsed): Parsed {
  const entries = Object.entries({ everyMs: every, everyProcessingMs: everyProcessing, count });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
