// A job in DuckDB: node bench/duckdb/main.ts JOB INPUT OUTPUT THREADS
import { DuckDBInstance } from "@duckdb/node-api";
import { queries } from "./queries.ts";

const [job = "", input, output, threads] = process.argv.slice(2);
const query = queries[job];
if (query === undefined || input === undefined || output === undefined || threads === undefined) throw new Error(`usage: main.ts ${Object.keys(queries).join("|")} INPUT OUTPUT THREADS`);

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const read = (columns: string): string => `read_json(${quoted(input)}, format = 'newline_delimited', columns = {${columns}})`;
const database = await DuckDBInstance.create(":memory:", { threads, preserve_insertion_order: "false" });
const connection = await database.connect();
await connection.run(`copy (${query(read)}) to ${quoted(output)} (format json)`);
connection.closeSync();
database.closeSync();
