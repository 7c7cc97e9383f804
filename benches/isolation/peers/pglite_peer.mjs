// PGlite: PostgreSQL compiled to WebAssembly. The data directory of a migrated instance is dumped
// once, and every test loads it into an instance of its own, which is the quickest of its ways.
import { readFileSync, readdirSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

const schema = process.env.PEER_SCHEMA;
const first = await PGlite.create();
for (const file of readdirSync(schema).sort()) {
  await first.exec(readFileSync(`${schema}/${file}`, "utf8"));
}
const template = await first.dumpDataDir("none");
await first.close();

const times = [];
const begun = performance.now();
for (let test = 0; test < Number(process.env.PEER_TESTS); test++) {
  const from = performance.now();
  const db = await PGlite.create({ loadDataDir: template });
  await db.exec("insert into tag (name) values ('new')");
  await db.exec("select count(*) from tag");
  await db.close();
  times.push(performance.now() - from);
}
console.log(JSON.stringify({ tests_ms: times, wall_ms: performance.now() - begun }));
