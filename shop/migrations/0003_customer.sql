-- Customers and their addresses.

CREATE TABLE customer (
    id uuid NOT NULL,
    email text NOT NULL
        CONSTRAINT customer_email_bounded CHECK (char_length(email) <= 254)
        CONSTRAINT customer_email_lower_case CHECK (email = lower(email))
        CONSTRAINT customer_email_well_formed CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    name label,
    phone text CONSTRAINT customer_phone_of_e164 CHECK (phone ~ '^\+[1-9][0-9]{5,14}$'),
    version bigint NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT customer_deleted_after_creation CHECK (deleted_at >= created_at),
    live boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    CONSTRAINT customer_live_unique UNIQUE (id, live)
);
ALTER TABLE customer ADD CONSTRAINT customer_identity PRIMARY KEY (id);
CREATE UNIQUE INDEX customer_email_once ON customer (email) WHERE deleted_at IS NULL;
COMMENT ON TABLE customer IS
    'A person with an account. Deleting is soft, because orders keep pointing at the row; the '
    'personal fields are overwritten by the application then.';
COMMENT ON INDEX customer_email_once IS 'An address is free again once its customer is deleted.';

CREATE TABLE address (
    id uuid NOT NULL CONSTRAINT address_identity PRIMARY KEY,
    customer_id uuid NOT NULL
        CONSTRAINT address_of_a_customer REFERENCES customer ON DELETE CASCADE,
    kind varchar(16) NOT NULL
        CONSTRAINT address_kind_known CHECK (kind IN ('shipping', 'billing')),
    is_default boolean NOT NULL DEFAULT false,
    recipient label NOT NULL,
    line1 label NOT NULL,
    line2 label,
    city label NOT NULL,
    region label,
    postcode varchar(16),
    country country_code NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX address_one_default ON address (customer_id, kind) WHERE is_default;
CREATE INDEX address_by_customer ON address (customer_id);
COMMENT ON TABLE address IS
    'The address book of a customer. Orders copy what they need, so an address may be deleted.';
