-- Catalogue: what is sold, at which price, under which tax.

-- Tax ------------------------------------------------------------------------------------------

CREATE TABLE tax_class (
    code slug NOT NULL CONSTRAINT tax_class_identity PRIMARY KEY,
    name label NOT NULL
);
COMMENT ON TABLE tax_class IS 'Products that are taxed alike: standard, reduced, zero.';

INSERT INTO tax_class (code, name) VALUES
    ('standard', 'Standard rate'), ('reduced', 'Reduced rate'), ('zero', 'Not taxed');

CREATE TABLE tax_rule (
    id uuid NOT NULL CONSTRAINT tax_rule_identity PRIMARY KEY,
    tax_class slug NOT NULL CONSTRAINT tax_rule_for_a_class REFERENCES tax_class,
    country country_code NOT NULL,
    region varchar(10) NOT NULL DEFAULT '',
    rate tax_rate NOT NULL,
    valid tstzrange NOT NULL CONSTRAINT tax_rule_valid_at_some_time CHECK (NOT isempty(valid)),
    CONSTRAINT tax_rule_never_overlaps EXCLUDE USING gist
        (tax_class WITH =, country WITH =, region WITH =, valid WITH &&)
);
COMMENT ON TABLE tax_rule IS 'The rate of a class in a country or region during a time.';
COMMENT ON COLUMN tax_rule.region IS
    'Subdivision code of ISO 3166-2 without the country; empty for the whole country.';

-- Products -------------------------------------------------------------------------------------

CREATE TABLE product (
    id uuid NOT NULL,
    title label NOT NULL,
    description text
        CONSTRAINT product_description_bounded CHECK (char_length(description) <= 20000),
    tax_class slug NOT NULL CONSTRAINT product_taxed_by_a_class REFERENCES tax_class,
    status varchar(16) NOT NULL DEFAULT 'draft'
        CONSTRAINT product_status_known CHECK (status IN ('draft', 'active', 'archived')),
    version bigint NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT product_deleted_after_creation CHECK (deleted_at >= created_at),
    live boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    CONSTRAINT product_live_unique UNIQUE (id, live)
);
ALTER TABLE product ADD CONSTRAINT product_identity PRIMARY KEY (id);
COMMENT ON TABLE product IS 'Something the shop sells, in one or more variants.';
COMMENT ON COLUMN product.live IS
    'Soft delete as a key: a child that references (id, live) with a constant true cannot '
    'belong to a deleted product.';
COMMENT ON COLUMN product.event_seq IS
    'Number of the last event written to the outbox for this row.';

CREATE TABLE variant (
    id uuid NOT NULL,
    product_id uuid NOT NULL CONSTRAINT variant_of_a_product REFERENCES product,
    sku text COLLATE "C" NOT NULL
        CONSTRAINT variant_sku_well_formed CHECK (sku ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    title label NOT NULL,
    track_inventory boolean NOT NULL DEFAULT true,
    weight_g integer CONSTRAINT variant_weight_not_negative CHECK (weight_g >= 0),
    version bigint NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT variant_deleted_after_creation CHECK (deleted_at >= created_at),
    live boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    product_live boolean GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN true END) STORED,
    CONSTRAINT variant_live_unique UNIQUE (id, live),
    CONSTRAINT variant_of_a_live_product
        FOREIGN KEY (product_id, product_live) REFERENCES product (id, live)
);
ALTER TABLE variant ADD CONSTRAINT variant_identity PRIMARY KEY (id);
CREATE UNIQUE INDEX variant_sku_once ON variant (lower(sku)) WHERE deleted_at IS NULL;
CREATE INDEX variant_by_product ON variant (product_id);
COMMENT ON TABLE variant IS 'One sellable form of a product: a stock-keeping unit.';
COMMENT ON COLUMN variant.product_live IS
    'True while the variant lives, else NULL: a live variant keeps its product from being '
    'deleted, a deleted one does not.';
COMMENT ON INDEX variant_sku_once IS 'A SKU is free again once its variant is deleted.';

-- Prices ---------------------------------------------------------------------------------------

CREATE TABLE price_list (
    code slug NOT NULL CONSTRAINT price_list_identity PRIMARY KEY,
    name label NOT NULL
);
COMMENT ON TABLE price_list IS 'A set of prices for one kind of customer or channel.';

INSERT INTO price_list (code, name) VALUES ('default', 'Prices for everyone');

CREATE TABLE price (
    id uuid NOT NULL,
    variant_id uuid NOT NULL CONSTRAINT price_of_a_variant REFERENCES variant,
    currency currency_code NOT NULL CONSTRAINT price_in_a_currency REFERENCES currency,
    price_list slug NOT NULL DEFAULT 'default' CONSTRAINT price_on_a_list REFERENCES price_list,
    min_quantity line_quantity NOT NULL DEFAULT 1,
    amount unit_amount NOT NULL,
    tax_included boolean NOT NULL,
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT price_valid_at_some_time CHECK (NOT isempty(valid)),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT price_terms_unique
        UNIQUE (id, variant_id, currency, tax_included, amount, min_quantity),
    CONSTRAINT price_never_overlaps EXCLUDE USING gist
        (variant_id WITH =, currency WITH =, price_list WITH =, min_quantity WITH =,
         valid WITH &&)
);
ALTER TABLE price ADD CONSTRAINT price_identity PRIMARY KEY (id);
COMMENT ON TABLE price IS
    'What one unit costs from a quantity on, in one currency and list, during a time. A price '
    'in use cannot change: end its validity and add another.';
COMMENT ON CONSTRAINT price_terms_unique ON price IS
    'Cart and order lines reference all of it, so the price that is shown is a price of the list.';
