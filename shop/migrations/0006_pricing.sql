-- Pricing: promotions, vouchers with their limits, and shipping.

CREATE TABLE promotion (
    id uuid NOT NULL CONSTRAINT promotion_identity PRIMARY KEY,
    name label NOT NULL,
    kind varchar(16) NOT NULL CONSTRAINT promotion_kind_known
        CHECK (kind IN ('percentage', 'amount', 'buy_x_get_y', 'free_shipping')),
    percentage basis_points,
    buy_quantity line_quantity,
    get_quantity line_quantity,
    priority integer NOT NULL DEFAULT 0,
    stacking_group slug,
    needs_voucher boolean NOT NULL DEFAULT false,
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT promotion_valid_at_some_time CHECK (NOT isempty(valid)),
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT promotion_deleted_after_creation CHECK (deleted_at >= created_at),
    CONSTRAINT promotion_percentage_of_its_kind
        CHECK ((kind IN ('percentage', 'buy_x_get_y')) = (percentage IS NOT NULL)),
    CONSTRAINT promotion_quantities_of_its_kind CHECK (
        CASE WHEN kind = 'buy_x_get_y' THEN num_nulls(buy_quantity, get_quantity) = 0
             ELSE num_nonnulls(buy_quantity, get_quantity) = 0 END)
);
COMMENT ON TABLE promotion IS 'A rule that lowers what a cart costs.';
COMMENT ON COLUMN promotion.percentage IS
    'Taken off the matching lines; for buy_x_get_y off the units that are given.';
COMMENT ON COLUMN promotion.priority IS 'Lower is applied first.';
COMMENT ON COLUMN promotion.stacking_group IS
    'At most one promotion of a group applies to a cart; NULL stacks with everything.';

CREATE TABLE promotion_amount (
    promotion_id uuid NOT NULL
        CONSTRAINT promotion_amount_of_a_promotion REFERENCES promotion ON DELETE CASCADE,
    currency currency_code NOT NULL
        CONSTRAINT promotion_amount_in_a_currency REFERENCES currency,
    amount minor_amount NOT NULL DEFAULT 0,
    min_subtotal minor_amount NOT NULL DEFAULT 0,
    CONSTRAINT promotion_amount_identity PRIMARY KEY (promotion_id, currency)
);
COMMENT ON TABLE promotion_amount IS
    'What an amount promotion takes off, and from which subtotal on a promotion applies, per '
    'currency.';

CREATE TABLE promotion_product (
    promotion_id uuid NOT NULL
        CONSTRAINT promotion_product_of_a_promotion REFERENCES promotion ON DELETE CASCADE,
    product_id uuid NOT NULL CONSTRAINT promotion_product_names_a_product REFERENCES product,
    role varchar(8) NOT NULL
        CONSTRAINT promotion_product_role_known CHECK (role IN ('buy', 'get', 'any')),
    CONSTRAINT promotion_product_identity PRIMARY KEY (promotion_id, product_id, role)
);
CREATE INDEX promotion_product_by_product ON promotion_product (product_id);
COMMENT ON TABLE promotion_product IS
    'Which products a promotion is about; none means all. `buy` and `get` are the two sides of '
    'buy_x_get_y.';

-- Vouchers -------------------------------------------------------------------------------------

CREATE TABLE voucher (
    id uuid NOT NULL,
    promotion_id uuid NOT NULL CONSTRAINT voucher_for_a_promotion REFERENCES promotion,
    code text COLLATE "C" NOT NULL
        CONSTRAINT voucher_code_well_formed CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9-]{2,63}$'),
    usage_limit integer CONSTRAINT voucher_usage_limit_positive CHECK (usage_limit > 0),
    used integer NOT NULL DEFAULT 0 CONSTRAINT voucher_used_not_negative CHECK (used >= 0),
    limited_per_customer boolean GENERATED ALWAYS AS (per_customer_limit IS NOT NULL) STORED,
    per_customer_limit integer
        CONSTRAINT voucher_per_customer_limit_positive CHECK (per_customer_limit > 0),
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT voucher_valid_at_some_time CHECK (NOT isempty(valid)),
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT voucher_deleted_after_creation CHECK (deleted_at >= created_at),
    CONSTRAINT voucher_limit_unique UNIQUE (id, per_customer_limit),
    CONSTRAINT voucher_terms_unique UNIQUE (id, limited_per_customer),
    CONSTRAINT voucher_used_within_its_limit CHECK (used <= usage_limit)
) WITH (fillfactor = 70);
ALTER TABLE voucher ADD CONSTRAINT voucher_identity PRIMARY KEY (id);
CREATE UNIQUE INDEX voucher_code_once ON voucher (lower(code)) WHERE deleted_at IS NULL;
CREATE INDEX voucher_by_promotion ON voucher (promotion_id);
COMMENT ON TABLE voucher IS
    'A code that unlocks a promotion, with limits in total and per customer.';
COMMENT ON COLUMN voucher.used IS 'Redemptions that were not given back; moved by them only.';
COMMENT ON COLUMN voucher.usage_limit IS 'NULL: as often as anyone likes.';
COMMENT ON CONSTRAINT voucher_limit_unique ON voucher IS
    'Copied by the per-customer counters; raising the limit cascades into them.';
CREATE CONSTRAINT TRIGGER voucher_starts_unused AFTER INSERT ON voucher
    FOR EACH ROW WHEN (NEW.used <> 0)
    EXECUTE FUNCTION refuse('used is moved by redemptions');
CREATE CONSTRAINT TRIGGER voucher_moved_only_by_its_rows AFTER UPDATE OF used ON voucher
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('used is moved by redemptions');

CREATE TABLE voucher_customer (
    voucher_id uuid NOT NULL,
    customer_id uuid NOT NULL CONSTRAINT voucher_customer_of_a_customer REFERENCES customer,
    per_customer_limit integer NOT NULL,
    used integer NOT NULL DEFAULT 0
        CONSTRAINT voucher_customer_used_not_negative CHECK (used >= 0),
    CONSTRAINT voucher_customer_identity PRIMARY KEY (voucher_id, customer_id),
    CONSTRAINT voucher_customer_used_within_its_limit CHECK (used <= per_customer_limit),
    CONSTRAINT voucher_customer_limit_of_its_voucher
        FOREIGN KEY (voucher_id, per_customer_limit)
        REFERENCES voucher (id, per_customer_limit) ON UPDATE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX voucher_customer_by_customer ON voucher_customer (customer_id);
COMMENT ON TABLE voucher_customer IS
    'How often one customer has used a voucher that is limited per customer.';
CREATE CONSTRAINT TRIGGER voucher_customer_starts_unused AFTER INSERT ON voucher_customer
    FOR EACH ROW WHEN (NEW.used <> 0 AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('used is moved by redemptions');
CREATE CONSTRAINT TRIGGER voucher_customer_moved_only_by_its_rows
    AFTER UPDATE OF used ON voucher_customer
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('used is moved by redemptions');

CREATE TABLE cart_voucher (
    cart_id uuid NOT NULL CONSTRAINT cart_voucher_of_a_cart REFERENCES cart ON DELETE CASCADE,
    voucher_id uuid NOT NULL CONSTRAINT cart_voucher_names_a_voucher REFERENCES voucher,
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cart_voucher_identity PRIMARY KEY (cart_id, voucher_id)
);
CREATE INDEX cart_voucher_by_voucher ON cart_voucher (voucher_id);
COMMENT ON TABLE cart_voucher IS
    'Vouchers a customer has entered. Nothing is claimed yet: the order''s redemption does that.';

-- Shipping -------------------------------------------------------------------------------------

CREATE TABLE shipping_method (
    code slug NOT NULL CONSTRAINT shipping_method_identity PRIMARY KEY,
    name label NOT NULL,
    tax_class slug NOT NULL CONSTRAINT shipping_method_taxed_by_a_class REFERENCES tax_class,
    active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE shipping_method IS 'A way of getting an order to its customer.';

CREATE TABLE shipping_rate (
    id uuid NOT NULL CONSTRAINT shipping_rate_identity PRIMARY KEY,
    method slug NOT NULL CONSTRAINT shipping_rate_for_a_method REFERENCES shipping_method,
    country country_code NOT NULL,
    currency currency_code NOT NULL CONSTRAINT shipping_rate_in_a_currency REFERENCES currency,
    subtotal int8range NOT NULL DEFAULT int8range(0, NULL)
        CONSTRAINT shipping_rate_for_some_subtotal CHECK (NOT isempty(subtotal)),
    amount minor_amount NOT NULL,
    tax_included boolean NOT NULL,
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT shipping_rate_valid_at_some_time CHECK (NOT isempty(valid)),
    CONSTRAINT shipping_rate_never_overlaps EXCLUDE USING gist
        (method WITH =, country WITH =, currency WITH =, subtotal WITH &&, valid WITH &&)
);
COMMENT ON TABLE shipping_rate IS
    'What a method costs to a country for a range of subtotals, in one currency, during a time.';
