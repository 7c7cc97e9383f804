// Nothing here knows Proofmark: DATABASE_URL leads this file's process to a database of its own.
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { balance, open } from '../wallets.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
afterAll(() => pool.end());

test('numbers begin at one in every file', async () => {
  expect(await open(pool, 'ann', 0)).toBe(1);
});

test('tests of one file share its database', async () => {
  expect(await balance(pool, 1)).toBe(0);
  await expect(open(pool, 'ann', 5)).rejects.toMatchObject({ constraint: 'wallet_one_per_owner' });
});
