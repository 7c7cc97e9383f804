CREATE TABLE voucher (
    code text NOT NULL,
    uses_max integer NOT NULL,
    uses integer NOT NULL DEFAULT 0,
    CONSTRAINT voucher_pkey PRIMARY KEY (code),
    CONSTRAINT voucher_uses_max_positive CHECK (uses_max > 0),
    CONSTRAINT voucher_not_overused CHECK (uses BETWEEN 0 AND uses_max)
);

CREATE TABLE redemption (
    code text NOT NULL,
    customer text NOT NULL,
    redeemed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT redemption_once_per_customer PRIMARY KEY (code, customer),
    CONSTRAINT redemption_voucher_fkey FOREIGN KEY (code) REFERENCES voucher (code)
);
