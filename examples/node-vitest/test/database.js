// A database for every test: `test` from here instead of vitest's own.
import pg from 'pg';
import { test as base } from 'vitest';

export const test = base.extend({
  // The console is a database to connect to; it answers the URL of the test's own.
  url: async ({ task }, use) => {
    const name = `${task.file.name} > ${task.name}`;
    const client = new pg.Client({ connectionString: process.env.PROOFMARK_URL });
    await client.connect();
    const { rows } = await client.query('LEASE wallets FOR $1', [name]);
    await use(rows[0].url);
    const failed = task.result?.errors?.length ? ' FAILED' : '';
    await client.query(`RETURN $1${failed}`, [name]);
    await client.end();
  },
  pool: async ({ url }, use) => {
    const pool = new pg.Pool({ connectionString: url });
    await use(pool);
    await pool.end();
  },
});
