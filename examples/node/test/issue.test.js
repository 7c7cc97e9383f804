// Issuing a voucher.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import pg from 'pg';
import { issue } from '../vouchers.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
after(() => pool.end());

test('a code is issued once', async () => {
  const code = randomUUID();
  await issue(pool, code, 1);
  await assert.rejects(issue(pool, code, 1), { constraint: 'voucher_pkey' });
});

test('a voucher for no use is refused', async () => {
  await assert.rejects(issue(pool, randomUUID(), 0), { constraint: 'voucher_uses_max_positive' });
});

test('a database of its own: nobody else issued this code', async () => {
  await issue(pool, 'WELCOME', 10);
  const { rows } = await pool.query('SELECT count(*)::int AS vouchers FROM voucher WHERE code = $1', [
    'WELCOME',
  ]);
  assert.equal(rows[0].vouchers, 1);
});
