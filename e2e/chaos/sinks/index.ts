// The kinds of sink that are killed under, by the name that --sink takes.
import type { ChaosSink } from "./chaos-sink.ts";
import { files } from "./files.ts";
import { http } from "./http.ts";
import { kafka } from "./kafka.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { sqlite } from "./sqlite.ts";

export const chaosSinks: Readonly<Record<string, ChaosSink>> = { sqlite, postgres, files, http, redis, kafka };
