CREATE TABLE invoice (
    invoice_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT invoice_key PRIMARY KEY,
    amount integer NOT NULL CONSTRAINT invoice_amount_positive CHECK (amount > 0)
);
