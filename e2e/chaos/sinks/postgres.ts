// Two tables of Postgres, in a schema of their own for each run: transactional, sink-first.
import { type ChaosSink, counted } from "./chaos-sink.ts";

const columns = { windows: `"windowStart", key, n::int, total::int, newest::int`, late: "id, key, n" } as const;

interface Place {
  readonly url: string;
  readonly namespace: string;
}

let runs = 0;

export const postgres: ChaosSink = {
  server: "postgres",
  async sinks(place) {
    const { postgresSink } = await import("@streamflow/sink/postgres");
    const target = JSON.parse(place) as Place;
    return { windows: postgresSink({ ...target, table: "windows" }), late: postgresSink({ ...target, table: "late" }) };
  },
  async open(_folder, url) {
    const { Client } = (await import("pg")).default;
    const client = new Client({ connectionString: url });
    await client.connect();
    const namespace = `run_${++runs}`;
    await client.query(`CREATE SCHEMA ${namespace}`);
    const isThere = async (table: string): Promise<boolean> => (await client.query("SELECT to_regclass($1) AS found", [`${namespace}.${table}`])).rows[0]?.found !== null;
    const count = async (table: string): Promise<number> => ((await isThere(table)) ? Number((await client.query(`SELECT count(*) AS count FROM ${namespace}.${table}`)).rows[0]?.count) : 0);
    const rows = async (table: keyof typeof columns): Promise<readonly unknown[]> => (await client.query(`SELECT ${columns[table]} FROM ${namespace}.${table}`)).rows;
    return {
      place: JSON.stringify({ url, namespace } satisfies Place),
      read: async () => counted({ windows: await rows("windows"), late: await rows("late") }),
      size: async () => (await count("windows")) + (await count("late")),
      close: () => client.end(),
    };
  },
};
