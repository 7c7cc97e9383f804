CREATE TABLE account (
    account_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT account_key PRIMARY KEY,
    owner text NOT NULL CONSTRAINT account_one_per_owner UNIQUE
);

CREATE TABLE entry (
    account_id bigint NOT NULL CONSTRAINT entry_account_fkey REFERENCES account,
    amount integer NOT NULL CONSTRAINT entry_amount_not_zero CHECK (amount <> 0)
);
