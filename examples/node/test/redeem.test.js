// Redeeming a voucher, also by several customers at once.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import pg from 'pg';
import { issue, NoSuchVoucher, redeem, UsedUp } from '../vouchers.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
after(() => pool.end());

test('a voucher is redeemed', async () => {
  const code = randomUUID();
  await issue(pool, code, 1);
  await redeem(pool, code, 'ada');
  const { rows } = await pool.query('SELECT uses FROM voucher WHERE code = $1', [code]);
  assert.equal(rows[0].uses, 1);
});

test('of five customers at once, three redeem a voucher for three', async () => {
  const code = randomUUID();
  await issue(pool, code, 3);
  const customers = ['ada', 'bo', 'cy', 'di', 'eve'];
  const attempts = await Promise.allSettled(customers.map((name) => redeem(pool, code, name)));
  const refused = attempts.filter((attempt) => attempt.status === 'rejected');
  assert.equal(refused.length, 2);
  for (const { reason } of refused) {
    assert.ok(reason instanceof UsedUp, String(reason));
  }
});

test('a voucher that is not there is refused', async () => {
  await assert.rejects(redeem(pool, randomUUID(), 'ada'), NoSuchVoucher);
});
