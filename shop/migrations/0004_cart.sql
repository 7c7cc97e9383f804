-- Carts: lines at prices of the list, sessions, and the states of a cart.
--
-- A cart is `open` while it is active. Lines carry `cart_open` through their foreign key, so
--   * nothing is added to a cart that is in checkout or beyond, and the key change on the cart
--     conflicts with the key-share lock of a line being added: no line slips in unseen;
--   * only an open cart keeps a variant from being deleted.

CREATE TABLE cart (
    id uuid NOT NULL,
    customer_id uuid CONSTRAINT cart_of_a_customer REFERENCES customer,
    currency currency_code NOT NULL CONSTRAINT cart_in_a_currency REFERENCES currency,
    tax_included boolean NOT NULL,
    price_list slug NOT NULL DEFAULT 'default'
        CONSTRAINT cart_priced_by_a_list REFERENCES price_list,
    state varchar(32) NOT NULL DEFAULT 'active',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    open boolean GENERATED ALWAYS AS (state = 'active') STORED,
    customer_live boolean GENERATED ALWAYS AS
        (CASE WHEN state IN ('active', 'checkout') THEN true END) STORED,
    merged_into uuid,
    version bigint NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
        CONSTRAINT cart_expires_after_creation CHECK (expires_at > created_at),
    priced_at timestamptz,
    prices_expire_at timestamptz
        CONSTRAINT cart_prices_expire_after_pricing CHECK (prices_expire_at > priced_at),
    CONSTRAINT cart_terms_unique UNIQUE (id, currency, tax_included, open),
    CONSTRAINT cart_starts_active CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'active')),
    CONSTRAINT cart_merged_names_the_other CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CONSTRAINT cart_never_merged_into_itself CHECK (merged_into <> id),
    CONSTRAINT cart_prices_expire_once_priced
        CHECK ((priced_at IS NULL) = (prices_expire_at IS NULL)),
    CONSTRAINT cart_of_a_live_customer
        FOREIGN KEY (customer_id, customer_live) REFERENCES customer (id, live)
) WITH (fillfactor = 80);
ALTER TABLE cart
    ADD CONSTRAINT cart_identity PRIMARY KEY (id),
    ADD CONSTRAINT cart_merged_into_a_cart FOREIGN KEY (merged_into) REFERENCES cart;
CREATE UNIQUE INDEX cart_one_active_per_customer ON cart (customer_id)
    WHERE state IN ('active', 'checkout');
CREATE INDEX cart_due ON cart (expires_at) WHERE state IN ('active', 'checkout');
CREATE INDEX cart_by_customer ON cart (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX cart_by_merge ON cart (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE cart IS 'What a customer or a guest is about to buy.';
COMMENT ON COLUMN cart.customer_live IS
    'True while the cart may still become an order: its customer cannot be deleted until then.';
COMMENT ON COLUMN cart.version IS 'Entity tag of the cart and its lines.';
COMMENT ON COLUMN cart.prices_expire_at IS
    'From here on the prices of the lines must be looked up again before they are charged.';
COMMENT ON CONSTRAINT cart_terms_unique ON cart IS
    'What lines and the order must agree with. An order references it with open = false, so a '
    'cart with an order never opens again.';

CREATE TABLE cart_line (
    cart_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    currency currency_code NOT NULL,
    tax_included boolean NOT NULL,
    cart_open boolean NOT NULL DEFAULT true,
    variant_live boolean GENERATED ALWAYS AS (CASE WHEN cart_open THEN true END) STORED,
    price_id uuid NOT NULL,
    unit_price unit_amount NOT NULL,
    price_min_quantity line_quantity NOT NULL DEFAULT 1,
    quantity line_quantity NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cart_line_identity PRIMARY KEY (cart_id, variant_id),
    CONSTRAINT cart_line_reaches_the_price CHECK (quantity >= price_min_quantity),
    CONSTRAINT cart_line_in_terms_of_its_cart
        FOREIGN KEY (cart_id, currency, tax_included, cart_open)
        REFERENCES cart (id, currency, tax_included, open)
        ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT cart_line_at_a_listed_price
        FOREIGN KEY (price_id, variant_id, currency, tax_included, unit_price, price_min_quantity)
        REFERENCES price (id, variant_id, currency, tax_included, amount, min_quantity),
    CONSTRAINT cart_line_of_a_live_variant
        FOREIGN KEY (variant_id, variant_live) REFERENCES variant (id, live)
) WITH (fillfactor = 80);
CREATE INDEX cart_line_by_live_variant ON cart_line (variant_id) WHERE variant_live IS NOT NULL;
CREATE INDEX cart_line_by_price ON cart_line (price_id);
COMMENT ON TABLE cart_line IS 'One variant in a cart, at most once, at a price of the list.';
COMMENT ON COLUMN cart_line.cart_open IS
    'Copy of cart.open, kept equal by the foreign key: leaving `active` cascades into the lines.';
COMMENT ON COLUMN cart_line.price_min_quantity IS
    'From which quantity on the price holds; copied through the foreign key so that a CHECK '
    'can compare.';

CREATE CONSTRAINT TRIGGER cart_line_added_to_an_open_cart
    AFTER INSERT ON cart_line FOR EACH ROW WHEN (NOT NEW.cart_open)
    EXECUTE FUNCTION refuse('lines are added only while the cart is active');
CREATE CONSTRAINT TRIGGER cart_line_frozen_once_closed
    AFTER UPDATE OF quantity, price_id, unit_price, price_min_quantity ON cart_line
    FOR EACH ROW WHEN (NOT NEW.cart_open)
    EXECUTE FUNCTION refuse('the lines of a cart in checkout do not change');

CREATE TABLE cart_session (
    id uuid NOT NULL CONSTRAINT cart_session_identity PRIMARY KEY,
    cart_id uuid NOT NULL CONSTRAINT cart_session_of_a_cart REFERENCES cart ON DELETE CASCADE,
    token_hash sha256_digest NOT NULL CONSTRAINT cart_session_token_once UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
        CONSTRAINT cart_session_expires_after_creation CHECK (expires_at > created_at),
    revoked_at timestamptz
        CONSTRAINT cart_session_revoked_after_creation CHECK (revoked_at >= created_at)
);
CREATE INDEX cart_session_by_cart ON cart_session (cart_id);
COMMENT ON TABLE cart_session IS
    'A bearer token for one cart, of a guest or of a customer. Only the digest is stored.';

-- States ---------------------------------------------------------------------------------------
-- The same three tables for every machine: states, allowed moves, and the history of the moves.
-- A row of the history is one move; its first row leaves the initial state. The owner's `state`
-- and `state_seq` name the last row, by a deferred foreign key: move and history are written in
-- either order, in one transaction. Columns are varchar so that the tables stay small on disk.

CREATE TABLE cart_state (
    state varchar(32) NOT NULL CONSTRAINT cart_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE cart_state IS 'States of a cart.';

CREATE TABLE cart_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT cart_transition_from_a_state REFERENCES cart_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT cart_transition_to_a_state REFERENCES cart_state,
    event varchar(32) NOT NULL,
    CONSTRAINT cart_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE cart_transition IS 'Allowed moves of a cart and what causes them.';

CREATE TABLE cart_history (
    cart_id uuid NOT NULL
        CONSTRAINT cart_history_of_a_cart REFERENCES cart ON DELETE CASCADE,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cart_history_head_unique UNIQUE (cart_id, seq, to_state),
    CONSTRAINT cart_history_starts_active
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'active')),
    CONSTRAINT cart_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES cart_transition,
    CONSTRAINT cart_history_unbroken FOREIGN KEY (cart_id, prev_seq, from_state)
        REFERENCES cart_history (cart_id, seq, to_state)
);
ALTER TABLE cart_history ADD CONSTRAINT cart_history_identity PRIMARY KEY (cart_id, seq);
COMMENT ON TABLE cart_history IS
    'Every move of every cart. Append-only; it goes only when its cart is purged.';
CREATE CONSTRAINT TRIGGER cart_history_append_only AFTER UPDATE OR DELETE ON cart_history
    FOR EACH ROW EXECUTE FUNCTION
    refuse_unless_owner_is_gone('history is append-only', 'cart', 'cart_id');
CREATE TRIGGER cart_history_never_truncated BEFORE TRUNCATE ON cart_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'cart_history_append_only');

ALTER TABLE cart ADD CONSTRAINT cart_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state) REFERENCES cart_history (cart_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER cart_state_moves_one_step AFTER UPDATE OF state, state_seq ON cart
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO cart_state (state, is_final) VALUES
    ('active', false), ('checkout', false),
    ('converted', true), ('abandoned', true), ('expired', true), ('merged', true);
INSERT INTO cart_transition (from_state, to_state, event) VALUES
    ('active', 'checkout', 'begin_checkout'), ('active', 'abandoned', 'abandon'),
    ('active', 'expired', 'expire'), ('active', 'merged', 'merge'),
    ('checkout', 'active', 'leave_checkout'), ('checkout', 'converted', 'place_order'),
    ('checkout', 'abandoned', 'abandon'), ('checkout', 'expired', 'expire'),
    ('checkout', 'merged', 'merge');
