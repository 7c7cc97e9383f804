// Wallets, and transfers between them.
//
// The database counts; this module turns its refusals into answers.

/** There is not enough in the wallet. */
export class Overdrawn extends Error {}

export async function open(pool, owner, balance) {
  const { rows } = await pool.query(
    'INSERT INTO wallet (owner, balance) VALUES ($1, $2) RETURNING wallet_id AS id',
    [owner, balance],
  );
  return Number(rows[0].id);
}

export async function balance(pool, id) {
  const { rows } = await pool.query('SELECT balance FROM wallet WHERE wallet_id = $1', [id]);
  return Number(rows[0].balance);
}

/** Moves an amount from one wallet to another, or throws and moves nothing. */
export async function transfer(pool, from, to, amount) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('INSERT INTO transfer (amount) VALUES ($1)', [amount]);
    // The lower number first, so that two transfers never wait for each other.
    const changes = [[from, -amount], [to, amount]].sort((a, b) => a[0] - b[0]);
    for (const [id, change] of changes) {
      await client.query('UPDATE wallet SET balance = balance + $2 WHERE wallet_id = $1', [id, change]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error.constraint === 'wallet_not_overdrawn' ? new Overdrawn() : error;
  } finally {
    client.release();
  }
}
