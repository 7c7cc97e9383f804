CREATE TABLE wallet (
    wallet_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT wallet_key PRIMARY KEY,
    owner text NOT NULL CONSTRAINT wallet_one_per_owner UNIQUE,
    balance bigint NOT NULL DEFAULT 0 CONSTRAINT wallet_not_overdrawn CHECK (balance >= 0)
);

CREATE TABLE transfer (
    transfer_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT transfer_key PRIMARY KEY,
    amount bigint NOT NULL CONSTRAINT transfer_amount_positive CHECK (amount > 0)
);
