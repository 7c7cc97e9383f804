import { expect } from 'vitest';
import { balance, open, Overdrawn, transfer } from '../wallets.js';
import { test } from './database.js';

test('an amount moves', async ({ pool }) => {
  const [ann, bob] = [await open(pool, 'ann', 10), await open(pool, 'bob', 0)];
  await transfer(pool, ann, bob, 4);
  expect([await balance(pool, ann), await balance(pool, bob)]).toEqual([6, 4]);
});

test('of two transfers at once only one is paid', async ({ pool }) => {
  const [ann, bob] = [await open(pool, 'ann', 10), await open(pool, 'bob', 0)];
  const ended = await Promise.allSettled([transfer(pool, ann, bob, 10), transfer(pool, ann, bob, 10)]);
  expect(ended.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(ended.find((one) => one.status === 'rejected').reason).toBeInstanceOf(Overdrawn);
  expect([await balance(pool, ann), await balance(pool, bob)]).toEqual([0, 10]);
});
