// Vouchers that can be redeemed a limited number of times.
//
// The database counts; this module turns its refusals into answers.

/** The voucher was redeemed as often as it may be. */
export class UsedUp extends Error {}

/** There is no voucher with that code. */
export class NoSuchVoucher extends Error {}

export async function issue(pool, code, usesMax) {
  await pool.query('INSERT INTO voucher (code, uses_max) VALUES ($1, $2)', [code, usesMax]);
}

/** Redeems the voucher once for the customer, or throws. */
export async function redeem(pool, code, customer) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const counted = await client.query('UPDATE voucher SET uses = uses + 1 WHERE code = $1', [code]);
    if (counted.rowCount === 0) {
      throw new NoSuchVoucher(code);
    }
    await client.query('INSERT INTO redemption (code, customer) VALUES ($1, $2)', [code, customer]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error.constraint === 'voucher_not_overused' ? new UsedUp(code) : error;
  } finally {
    client.release();
  }
}
