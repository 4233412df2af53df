// The heads of one sink's shards (generation, epoch, positions), in the table _streamflow_commits beside the table that it fills.
//   H1. `lock` keeps the rows of these shards until the transaction ends, whether they were there or not: of two processes that both believe they
//       own a shard, the second waits, and then sees what the first has committed. Nobody waits in a circle: rows are locked in the order of their names.
//   H2. Who holds the locks and does nothing for as long as the connection waits for an answer is ended by the server: a process that was stopped
//       in the middle of a commit stops nobody else.
import type { ShardId } from "@streamflow/core";
import type { ShardHead } from "../exactly-once.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import { qualified } from "./postgres-table.ts";

/** Whose heads. */
export interface HeadsOwner {
  readonly namespace: string | undefined;
  readonly pipeline: string;
  readonly sink: string;
  readonly timeoutMs: number;
}

interface HeadRow {
  readonly shard: string;
  readonly generation: string;
  readonly epoch: string;
  readonly positions: string;
}

/** Locked for the first time: there is no head yet. */
const noGeneration = -1;
/** Keeps apart those who make tables at one moment: CREATE … IF NOT EXISTS alone does not. */
const openingLock = "SELECT pg_advisory_xact_lock(7307199705420124)";

/** Makes the table where it is missing. Inside a transaction, which keeps everybody else who opens a sink waiting until it ends. */
export async function openHeads(connection: PostgresConnection, namespace: string | undefined): Promise<void> {
  await connection.run(openingLock);
  const table = tableOf(namespace);
  const [found] = await connection.rows<{ readonly is: boolean }>("SELECT to_regclass($1) IS NOT NULL AS is", [table]);
  if (found?.is === true) return;
  await connection.run(`CREATE TABLE ${table} (pipeline text NOT NULL, sink text NOT NULL, shard text NOT NULL, generation bigint NOT NULL, epoch bigint NOT NULL, positions text NOT NULL, PRIMARY KEY (pipeline, sink, shard))`);
}

/** Locks the heads of these shards, and answers those that are there. */
export async function lockHeads(connection: PostgresConnection, owner: HeadsOwner, shards: readonly ShardId[]): Promise<ReadonlyMap<ShardId, ShardHead>> {
  const table = tableOf(owner.namespace);
  await connection.run(`SET LOCAL idle_in_transaction_session_timeout = ${Math.max(1, Math.floor(owner.timeoutMs))}`);
  const select = (): Promise<readonly HeadRow[]> =>
    connection.rows<HeadRow>(`SELECT shard, generation, epoch, positions FROM ${table} WHERE pipeline = $1 AND sink = $2 AND shard = ANY($3) ORDER BY shard COLLATE "C" FOR UPDATE`, [owner.pipeline, owner.sink, shards]);
  let rows = await select();
  if (rows.length < new Set(shards).size) {
    const insert = `INSERT INTO ${table} SELECT $1, $2, shard, ${noGeneration}, 0, '{}' FROM unnest($3::text[]) AS shard ORDER BY shard COLLATE "C" ON CONFLICT DO NOTHING`;
    await connection.rows(insert, [owner.pipeline, owner.sink, [...new Set(shards)]]);
    rows = await select();
  }
  const heads = rows.map(({ shard, generation, epoch, positions }): ShardHead => ({ shard, generation: Number(generation), epoch: Number(epoch), positions: JSON.parse(positions) as ShardHead["positions"] }));
  return new Map(heads.filter(({ generation }) => generation !== noGeneration).map((head) => [head.shard, head]));
}

/** Stores heads that are locked. */
export async function writeHeads(connection: PostgresConnection, owner: HeadsOwner, heads: readonly ShardHead[]): Promise<void> {
  const update = `UPDATE ${tableOf(owner.namespace)} AS t SET generation = h.generation, epoch = h.epoch, positions = h.positions
    FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[]) AS h (shard, generation, epoch, positions) WHERE t.pipeline = $1 AND t.sink = $2 AND t.shard = h.shard`;
  const columns = [heads.map(({ shard }) => shard), heads.map(({ generation }) => generation), heads.map(({ epoch }) => epoch), heads.map(({ positions }) => JSON.stringify(positions))];
  await connection.rows(update, [owner.pipeline, owner.sink, ...columns]);
}

function tableOf(namespace: string | undefined): string {
  return qualified({ namespace, table: "_streamflow_commits" });
}
