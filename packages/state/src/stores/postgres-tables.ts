// The tables of the stores in Postgres. Text is compared by its bytes: two names that look alike are two.

const text = 'text COLLATE "C"';

/** By version, from 1: what makes it of the one before. */
export const postgresTables: readonly (readonly string[])[] = [
  [
    `CREATE TABLE segments (pipeline ${text} NOT NULL, name ${text} NOT NULL, created_ms double precision NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (pipeline, name))`,
    // What is compressed already is not to be compressed again.
    "ALTER TABLE segments ALTER COLUMN bytes SET STORAGE EXTERNAL",
    `CREATE TABLE checkpoints (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pipeline ${text} NOT NULL, epoch bigint NOT NULL, body bytea NOT NULL)`,
    "CREATE INDEX checkpoints_by_pipeline ON checkpoints (pipeline, epoch)",
    `CREATE TABLE segment_uses (checkpoint bigint NOT NULL REFERENCES checkpoints ON DELETE CASCADE, pipeline ${text} NOT NULL, name ${text} NOT NULL,
      PRIMARY KEY (checkpoint, name), FOREIGN KEY (pipeline, name) REFERENCES segments)`,
    "CREATE INDEX segment_uses_by_name ON segment_uses (pipeline, name)",
    `CREATE TABLE shard_heads (pipeline ${text} NOT NULL, shard ${text} NOT NULL, generation bigint NOT NULL, epoch bigint NOT NULL, PRIMARY KEY (pipeline, shard))`,
    `CREATE TABLE leases (pipeline ${text} NOT NULL, shard ${text} NOT NULL, generation bigint NOT NULL, owner ${text}, process ${text}, expires_ms double precision NOT NULL, PRIMARY KEY (pipeline, shard))`,
    `CREATE TABLE lease_owners (owner ${text} PRIMARY KEY, expires_ms double precision NOT NULL)`,
    `CREATE TABLE logs (name ${text} PRIMARY KEY, last_cursor bigint NOT NULL)`,
    `CREATE TABLE log_entries (name ${text} NOT NULL, cursor bigint NOT NULL, time_ms double precision NOT NULL, key ${text}, payload bytea NOT NULL, PRIMARY KEY (name, cursor))`,
    "CREATE UNIQUE INDEX log_entries_by_key ON log_entries (name, key) WHERE key IS NOT NULL",
    `CREATE TABLE log_fences (name ${text} NOT NULL, shard ${text} NOT NULL, generation bigint NOT NULL, PRIMARY KEY (name, shard))`,
    `CREATE TABLE documents (collection ${text} NOT NULL, id ${text} NOT NULL, version bigint NOT NULL, document text, PRIMARY KEY (collection, id))`,
  ],
];
