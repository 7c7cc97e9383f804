-- Idempotency of work that spans transactions: what was begun under a key, so that whoever repeats
-- the request after a crash finds it and finishes it, instead of beginning it once more.

ALTER TABLE idempotency_key ADD COLUMN resource text COLLATE "C"
    CONSTRAINT idempotency_key_resource_bounded CHECK (char_length(resource) BETWEEN 1 AND 64);
COMMENT ON COLUMN idempotency_key.resource IS
    'What was begun under the key, written in the transaction that began it.';
