-- Foundation: value domains, currencies, payment providers, and the one function that refuses.
--
-- Conventions of every migration here:
--   * Money is `bigint` minor units with a currency beside it; both are NOT NULL everywhere.
--   * Every constraint is named `<table>_<what_holds>`; the name is the stable error code.
--   * A guard that is not a CHECK, key or foreign key is a constraint trigger whose *name* is the
--     rule and which raises SQLSTATE 23514 with CONSTRAINT, TABLE and SCHEMA filled in.
--   * Wide keys (id plus the columns that children must agree with) come before the primary key,
--     which an ALTER TABLE adds. PostgreSQL checks unique indexes in order of creation, so an
--     exact duplicate is refused by the wide key and a changed duplicate by the primary key: both
--     can be seen to work.
--   * Foreign keys use NO ACTION, never RESTRICT: the error then has one SQLSTATE on every major.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Values ---------------------------------------------------------------------------------------

CREATE DOMAIN currency_code AS text COLLATE "C"
    CONSTRAINT currency_code_three_capitals CHECK (VALUE ~ '^[A-Z]{3}$');
COMMENT ON DOMAIN currency_code IS 'ISO 4217 alphabetic code.';

CREATE DOMAIN country_code AS text COLLATE "C"
    CONSTRAINT country_code_two_capitals CHECK (VALUE ~ '^[A-Z]{2}$');
COMMENT ON DOMAIN country_code IS 'ISO 3166-1 alpha-2 code.';

CREATE DOMAIN minor_amount AS bigint
    CONSTRAINT minor_amount_in_range CHECK (VALUE BETWEEN 0 AND 999999999999999);
COMMENT ON DOMAIN minor_amount IS
    'Money in minor units, zero or more. The bound stays below 2^53, so JSON numbers are exact.';

CREATE DOMAIN positive_amount AS bigint
    CONSTRAINT positive_amount_in_range CHECK (VALUE BETWEEN 1 AND 999999999999999);
COMMENT ON DOMAIN positive_amount IS 'Money in minor units, more than zero.';

CREATE DOMAIN signed_amount AS bigint
    CONSTRAINT signed_amount_in_range
        CHECK (VALUE BETWEEN -999999999999999 AND 999999999999999);
COMMENT ON DOMAIN signed_amount IS 'Money in minor units, of either sign.';

CREATE DOMAIN unit_amount AS bigint
    CONSTRAINT unit_amount_in_range CHECK (VALUE BETWEEN 0 AND 999999999999);
COMMENT ON DOMAIN unit_amount IS
    'Price of one unit in minor units; times the largest line quantity it still fits a bigint.';

CREATE DOMAIN line_quantity AS integer
    CONSTRAINT line_quantity_in_range CHECK (VALUE BETWEEN 1 AND 100000);
COMMENT ON DOMAIN line_quantity IS 'How many units one line may hold.';

CREATE DOMAIN tax_rate AS numeric(9, 6)
    CONSTRAINT tax_rate_in_range CHECK (VALUE >= 0 AND VALUE < 10);
COMMENT ON DOMAIN tax_rate IS 'A fraction of one: 0.200000 is 20 %.';

CREATE DOMAIN basis_points AS integer
    CONSTRAINT basis_points_in_range CHECK (VALUE BETWEEN 1 AND 10000);
COMMENT ON DOMAIN basis_points IS 'Hundredths of a percent: 10000 is the whole.';

CREATE DOMAIN slug AS text COLLATE "C"
    CONSTRAINT slug_well_formed CHECK (VALUE ~ '^[a-z0-9][a-z0-9_.-]{0,63}$');
COMMENT ON DOMAIN slug IS 'A short machine-readable code in lower case.';

CREATE DOMAIN label AS text
    CONSTRAINT label_not_blank CHECK (VALUE ~ '[^[:space:]]')
    CONSTRAINT label_short_enough CHECK (char_length(VALUE) <= 200);
COMMENT ON DOMAIN label IS 'One line of text that a person reads.';

CREATE DOMAIN note AS text
    CONSTRAINT note_not_blank CHECK (VALUE ~ '[^[:space:]]')
    CONSTRAINT note_short_enough CHECK (char_length(VALUE) <= 2000);
COMMENT ON DOMAIN note IS 'A longer explanation that a person wrote.';

CREATE DOMAIN sha256_digest AS bytea
    CONSTRAINT sha256_digest_of_32_bytes CHECK (octet_length(VALUE) = 32);
COMMENT ON DOMAIN sha256_digest IS 'A SHA-256 digest. Secrets are stored only in this form.';

CREATE DOMAIN provider_reference AS text COLLATE "C"
    CONSTRAINT provider_reference_well_formed CHECK (VALUE ~ '^[[:graph:]]{1,255}$');
COMMENT ON DOMAIN provider_reference IS 'The name that a payment provider gave to an object.';

CREATE DOMAIN payment_method_type AS text COLLATE "C"
    CONSTRAINT payment_method_type_known CHECK (VALUE IN (
        'card', 'wallet', 'bank_transfer', 'bank_debit', 'bank_redirect', 'pay_later', 'voucher',
        'gift_card', 'store_credit', 'cash_on_delivery'));
COMMENT ON DOMAIN payment_method_type IS 'How a payment is made.';

-- Refusal --------------------------------------------------------------------------------------

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              CONSTRAINT = coalesce(TG_ARGV[1], TG_NAME);
END $$;
COMMENT ON FUNCTION refuse() IS
    'Refuses in the name of the trigger that called it, or of the constraint trigger that the '
    'second argument names. The condition is the trigger''s WHEN, so a permitted write never '
    'enters a function.';

CREATE FUNCTION refuse_unless_owner_is_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner_exists boolean := true;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE id = ($1).%I)',
                       TG_TABLE_SCHEMA, TG_ARGV[1], TG_ARGV[2])
            INTO owner_exists USING OLD;
    END IF;
    IF owner_exists THEN
        RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION refuse_unless_owner_is_gone() IS
    'Append-only for rows that may be purged together with their owner, and in no other way. '
    'Arguments: message, owner table, column that names the owner.';

-- Currencies -----------------------------------------------------------------------------------

CREATE TABLE currency (
    code currency_code NOT NULL CONSTRAINT currency_identity PRIMARY KEY,
    exponent smallint NOT NULL
        CONSTRAINT currency_exponent_of_iso_4217 CHECK (exponent IN (0, 2, 3, 4)),
    cash_increment integer NOT NULL DEFAULT 1
        CONSTRAINT currency_cash_increment_positive CHECK (cash_increment >= 1)
);
COMMENT ON TABLE currency IS 'Every active ISO 4217 currency with its number of minor digits.';
COMMENT ON COLUMN currency.cash_increment IS
    'Smallest amount that exists as cash, in minor units: 5 for CHF, whose smallest coin is 0.05.';

INSERT INTO currency (code, exponent)
SELECT code, 2 FROM unnest(string_to_array(
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD '
    'CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS '
    'GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD '
    'LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB '
    'PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP '
    'SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW '
    'ZWG', ' ')) AS code
UNION ALL
SELECT code, 0 FROM unnest(string_to_array(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', ' ')) AS code
UNION ALL
SELECT code, 3 FROM unnest(string_to_array('BHD IQD JOD KWD LYD OMR TND', ' ')) AS code
UNION ALL
SELECT code, 4 FROM unnest(string_to_array('CLF UYW', ' ')) AS code;

UPDATE currency SET cash_increment = smallest.coin
  FROM (VALUES ('AUD', 5), ('CAD', 5), ('CHF', 5), ('CZK', 100), ('DKK', 50), ('HUF', 500),
               ('NOK', 100), ('NZD', 10), ('SEK', 100), ('SGD', 5)) AS smallest (code, coin)
 WHERE currency.code = smallest.code;

-- Payment providers ----------------------------------------------------------------------------

CREATE TABLE provider (
    code slug NOT NULL CONSTRAINT provider_identity PRIMARY KEY,
    name label NOT NULL
);
COMMENT ON TABLE provider IS
    'Who moves the money: an outside payment provider or the shop itself.';

CREATE TABLE provider_currency (
    provider slug NOT NULL CONSTRAINT provider_currency_of_a_provider REFERENCES provider,
    currency currency_code NOT NULL CONSTRAINT provider_currency_of_a_currency REFERENCES currency,
    exponent smallint NOT NULL
        CONSTRAINT provider_currency_exponent_in_range CHECK (exponent BETWEEN 0 AND 4),
    multiple_of integer NOT NULL DEFAULT 1
        CONSTRAINT provider_currency_multiple_positive CHECK (multiple_of >= 1),
    CONSTRAINT provider_currency_identity PRIMARY KEY (provider, currency)
);
COMMENT ON TABLE provider_currency IS
    'Which currencies a provider takes and how it writes them. The exponent is a property of '
    'the pair: some providers differ from ISO 4217.';
COMMENT ON COLUMN provider_currency.multiple_of IS
    'An amount sent to the provider must be a multiple of this, in the provider''s minor units.';

INSERT INTO provider (code, name) VALUES
    ('fake', 'Fake provider for tests and demonstrations'),
    ('internal', 'Gift cards and store credit of this shop'),
    ('manual', 'Cash on delivery and transfers booked by hand'),
    ('stripe', 'Stripe');

INSERT INTO provider_currency (provider, currency, exponent)
SELECT provider.code, currency.code, currency.exponent FROM provider CROSS JOIN currency;

-- Stripe's deviations: krona amounts keep two digits that must be zero, the ariary has none, and
-- the last of three digits is always zero (docs.stripe.com/currencies).
UPDATE provider_currency SET exponent = 2, multiple_of = 100
 WHERE provider = 'stripe' AND currency = 'ISK';
UPDATE provider_currency SET exponent = 0 WHERE provider = 'stripe' AND currency = 'MGA';
UPDATE provider_currency SET multiple_of = 10 WHERE provider = 'stripe' AND exponent = 3;
