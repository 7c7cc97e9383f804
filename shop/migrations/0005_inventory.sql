-- Inventory: levels, the movements that explain them, reservations, transfers.
--
-- `stock_level` is a summary. Its quantities are moved only by the rows below it: `on_hand` by
-- stock movements, `reserved` and `allocated` by reservations. The row lock of the level orders
-- concurrent claims, its CHECK decides them. The triggers work per statement: fifty reservations
-- of one variant in one INSERT are one update of one level, and levels are updated in key order.

CREATE TABLE location (
    id uuid NOT NULL,
    code slug NOT NULL,
    name label NOT NULL,
    country country_code NOT NULL,
    priority integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT location_deleted_after_creation CHECK (deleted_at >= created_at),
    live boolean GENERATED ALWAYS AS (deleted_at IS NULL) STORED,
    CONSTRAINT location_live_unique UNIQUE (id, live)
);
ALTER TABLE location ADD CONSTRAINT location_identity PRIMARY KEY (id);
CREATE UNIQUE INDEX location_code_once ON location (code) WHERE deleted_at IS NULL;
COMMENT ON TABLE location IS 'A warehouse or store that holds stock.';
COMMENT ON COLUMN location.priority IS 'Lower is served first when nothing else decides.';

CREATE TABLE stock_level (
    location_id uuid NOT NULL CONSTRAINT stock_level_at_a_location REFERENCES location,
    variant_id uuid NOT NULL CONSTRAINT stock_level_of_a_variant REFERENCES variant,
    on_hand integer NOT NULL DEFAULT 0
        CONSTRAINT stock_level_on_hand_not_negative CHECK (on_hand >= 0),
    reserved integer NOT NULL DEFAULT 0
        CONSTRAINT stock_level_reserved_not_negative CHECK (reserved >= 0),
    allocated integer NOT NULL DEFAULT 0
        CONSTRAINT stock_level_allocated_not_negative CHECK (allocated >= 0),
    backorder_limit integer NOT NULL DEFAULT 0
        CONSTRAINT stock_level_backorder_limit_in_range
            CHECK (backorder_limit BETWEEN 0 AND 1000000),
    version bigint NOT NULL DEFAULT 0,
    location_live boolean GENERATED ALWAYS AS
        (CASE WHEN on_hand > 0 OR reserved > 0 OR allocated > 0 THEN true END) STORED,
    CONSTRAINT stock_level_identity PRIMARY KEY (location_id, variant_id),
    CONSTRAINT stock_level_never_oversold
        CHECK (reserved + allocated <= on_hand + backorder_limit),
    CONSTRAINT stock_level_in_use_at_a_live_location
        FOREIGN KEY (location_id, location_live) REFERENCES location (id, live)
) WITH (fillfactor = 50);
CREATE INDEX stock_level_by_variant ON stock_level (variant_id);
COMMENT ON TABLE stock_level IS 'How much of a variant a location has, holds and has promised.';
COMMENT ON COLUMN stock_level.reserved IS 'Held for carts in checkout: active reservations.';
COMMENT ON COLUMN stock_level.allocated IS
    'Promised to placed orders and not shipped yet: committed reservations.';
COMMENT ON COLUMN stock_level.backorder_limit IS 'How much may be promised beyond on_hand.';
COMMENT ON COLUMN stock_level.version IS 'Entity tag; every change of a quantity raises it.';
COMMENT ON COLUMN stock_level.location_live IS
    'True while there is anything here: a location in use cannot be deleted.';
CREATE CONSTRAINT TRIGGER stock_level_starts_empty AFTER INSERT ON stock_level
    FOR EACH ROW WHEN (NEW.on_hand <> 0 OR NEW.reserved <> 0 OR NEW.allocated <> 0)
    EXECUTE FUNCTION refuse('a level starts empty; stock arrives by movements');
CREATE CONSTRAINT TRIGGER stock_level_moved_only_by_its_rows
    AFTER UPDATE OF on_hand, reserved, allocated ON stock_level
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('quantities are moved by movements and reservations only');

-- Movements ------------------------------------------------------------------------------------

CREATE TABLE stock_movement (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT stock_movement_identity PRIMARY KEY,
    location_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    kind varchar(16) NOT NULL
        CONSTRAINT stock_movement_kind_known CHECK (kind IN (
            'receive', 'return', 'transfer_in', 'adjust_up',
            'ship', 'transfer_out', 'adjust_down', 'write_off')),
    quantity integer NOT NULL
        CONSTRAINT stock_movement_quantity_in_range CHECK (quantity BETWEEN 1 AND 1000000),
    delta integer GENERATED ALWAYS AS (
        CASE WHEN kind IN ('receive', 'return', 'transfer_in', 'adjust_up')
             THEN quantity ELSE -quantity END) STORED,
    reason label,
    operation_id uuid,
    sent_line_id uuid,
    received_line_id uuid,
    actor label NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_movement_explained
        CHECK (kind NOT IN ('adjust_up', 'adjust_down', 'write_off') OR reason IS NOT NULL),
    CONSTRAINT stock_movement_at_a_level
        FOREIGN KEY (location_id, variant_id) REFERENCES stock_level
);
CREATE UNIQUE INDEX stock_movement_once_per_operation
    ON stock_movement (operation_id, location_id, variant_id, kind)
    WHERE operation_id IS NOT NULL;
CREATE UNIQUE INDEX stock_movement_once_per_sent_line ON stock_movement (sent_line_id)
    WHERE sent_line_id IS NOT NULL;
CREATE UNIQUE INDEX stock_movement_once_per_received_line ON stock_movement (received_line_id)
    WHERE received_line_id IS NOT NULL;
CREATE INDEX stock_movement_by_level ON stock_movement (location_id, variant_id, id);
COMMENT ON TABLE stock_movement IS
    'Every unit that came or went, and why. Append-only: a mistake is corrected by another '
    'movement.';
COMMENT ON COLUMN stock_movement.delta IS
    'The signed quantity. The kind decides the sign, so the two cannot disagree.';
COMMENT ON COLUMN stock_movement.operation_id IS
    'What caused a movement that no other document explains: a delivery, a stock-take, a '
    'write-off.';

CREATE FUNCTION move_stock_on_hand() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total record;
BEGIN
    FOR total IN
        SELECT location_id, variant_id, sum(delta) AS delta
          FROM moved GROUP BY location_id, variant_id ORDER BY location_id, variant_id
    LOOP
        UPDATE stock_level SET on_hand = on_hand + total.delta, version = version + 1
         WHERE location_id = total.location_id AND variant_id = total.variant_id;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION move_stock_on_hand() IS
    'One update per level and statement, in the order of the keys, so that two statements never '
    'wait for each other in a circle.';
CREATE TRIGGER stock_movement_moves_the_level AFTER INSERT ON stock_movement
    REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION move_stock_on_hand();
CREATE CONSTRAINT TRIGGER stock_movement_append_only AFTER UPDATE OR DELETE ON stock_movement
    FOR EACH ROW EXECUTE FUNCTION refuse('movements are append-only');
CREATE TRIGGER stock_movement_never_truncated BEFORE TRUNCATE ON stock_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('movements are append-only', 'stock_movement_append_only');

-- Reservations ---------------------------------------------------------------------------------

CREATE TABLE reservation (
    id uuid NOT NULL CONSTRAINT reservation_identity PRIMARY KEY,
    cart_id uuid,
    variant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    order_line_id uuid,
    quantity line_quantity NOT NULL,
    shipped integer NOT NULL DEFAULT 0
        CONSTRAINT reservation_shipped_not_negative CHECK (shipped >= 0),
    withdrawn integer NOT NULL DEFAULT 0
        CONSTRAINT reservation_withdrawn_not_negative CHECK (withdrawn >= 0),
    state varchar(32) NOT NULL DEFAULT 'active',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
        CONSTRAINT reservation_expires_after_creation CHECK (expires_at > created_at),
    closed_at timestamptz,
    CONSTRAINT reservation_line_unique UNIQUE (order_line_id, location_id),
    CONSTRAINT reservation_starts_active
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'active')),
    CONSTRAINT reservation_active_has_an_owner
        CHECK (state <> 'active' OR cart_id IS NOT NULL OR order_line_id IS NOT NULL),
    CONSTRAINT reservation_committed_has_an_order
        CHECK (state NOT IN ('committed', 'fulfilled') OR order_line_id IS NOT NULL),
    CONSTRAINT reservation_closed_when_not_held
        CHECK ((state IN ('active', 'committed')) = (closed_at IS NULL)),
    CONSTRAINT reservation_ships_at_most_what_it_holds CHECK (shipped + withdrawn <= quantity),
    CONSTRAINT reservation_ships_only_when_committed
        CHECK (state IN ('committed', 'fulfilled') OR shipped + withdrawn = 0
               OR (state = 'released' AND shipped = 0 AND withdrawn = quantity)),
    CONSTRAINT reservation_fulfilled_holds_nothing
        CHECK (state <> 'fulfilled' OR shipped + withdrawn = quantity),
    CONSTRAINT reservation_at_a_level
        FOREIGN KEY (location_id, variant_id) REFERENCES stock_level,
    CONSTRAINT reservation_for_a_cart_line FOREIGN KEY (cart_id, variant_id)
        REFERENCES cart_line (cart_id, variant_id) ON DELETE SET NULL (cart_id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX reservation_one_active_per_line
    ON reservation (cart_id, variant_id, location_id) WHERE state = 'active';
CREATE INDEX reservation_due ON reservation (expires_at) WHERE state = 'active';
CREATE INDEX reservation_by_cart_line ON reservation (cart_id, variant_id)
    WHERE cart_id IS NOT NULL;
COMMENT ON TABLE reservation IS
    'A claim on the stock of one location: held for a cart line, then promised to an order '
    'line, then shipped.';
COMMENT ON COLUMN reservation.withdrawn IS
    'How much was given back because the line was cancelled.';
COMMENT ON CONSTRAINT reservation_line_unique ON reservation IS
    'One reservation per order line and location; fulfilment lines reference it.';
COMMENT ON CONSTRAINT reservation_active_has_an_owner ON reservation IS
    'A cart line with stock held for it cannot be removed before the reservation is released.';

CREATE FUNCTION hold_stock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total record;
BEGIN
    FOR total IN
        SELECT location_id, variant_id,
               coalesce(sum(quantity) FILTER (WHERE state = 'active'), 0) AS reserved,
               coalesce(sum(quantity) FILTER (WHERE state = 'committed'), 0) AS allocated
          FROM changed GROUP BY location_id, variant_id ORDER BY location_id, variant_id
    LOOP
        UPDATE stock_level SET reserved = reserved + total.reserved,
                               allocated = allocated + total.allocated, version = version + 1
         WHERE location_id = total.location_id AND variant_id = total.variant_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION change_held_stock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total record;
BEGIN
    FOR total IN
        SELECT location_id, variant_id,
               coalesce(sum(held) FILTER (WHERE state = 'active'), 0) AS reserved,
               coalesce(sum(held) FILTER (WHERE state = 'committed'), 0) AS allocated
          FROM (SELECT location_id, variant_id, state, quantity - shipped - withdrawn AS held
                  FROM changed
                 UNION ALL
                SELECT location_id, variant_id, state, shipped + withdrawn - quantity
                  FROM former) AS claim
         GROUP BY location_id, variant_id ORDER BY location_id, variant_id
    LOOP
        CONTINUE WHEN total.reserved = 0 AND total.allocated = 0;
        UPDATE stock_level SET reserved = reserved + total.reserved,
                               allocated = allocated + total.allocated, version = version + 1
         WHERE location_id = total.location_id AND variant_id = total.variant_id;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION change_held_stock() IS
    'Moves the levels by the difference between the new and the former claims of the statement, '
    'in the order of the keys.';
CREATE TRIGGER reservation_holds_stock AFTER INSERT ON reservation
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hold_stock();
CREATE TRIGGER reservation_changes_held_stock AFTER UPDATE ON reservation
    REFERENCING NEW TABLE AS changed OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION change_held_stock();
CREATE CONSTRAINT TRIGGER reservation_deleted_only_when_closed AFTER DELETE ON reservation
    FOR EACH ROW WHEN (OLD.state IN ('active', 'committed'))
    EXECUTE FUNCTION refuse('a reservation that holds stock is not deleted');
CREATE CONSTRAINT TRIGGER reservation_starts_unshipped AFTER INSERT ON reservation
    FOR EACH ROW WHEN (NEW.shipped <> 0 OR NEW.withdrawn <> 0)
    EXECUTE FUNCTION refuse('shipped and withdrawn are moved by fulfilments and cancellations');
CREATE CONSTRAINT TRIGGER reservation_moved_only_by_its_rows
    AFTER UPDATE OF shipped, withdrawn ON reservation
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('shipped and withdrawn are moved by fulfilments and cancellations');
CREATE CONSTRAINT TRIGGER reservation_keeps_its_claim
    AFTER UPDATE OF variant_id, location_id, quantity ON reservation
    FOR EACH ROW WHEN ((NEW.variant_id, NEW.location_id, NEW.quantity)
                       IS DISTINCT FROM (OLD.variant_id, OLD.location_id, OLD.quantity))
    EXECUTE FUNCTION refuse('release the reservation and hold anew');

CREATE TABLE reservation_state (
    state varchar(32) NOT NULL CONSTRAINT reservation_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE reservation_state IS 'States of a reservation.';

CREATE TABLE reservation_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT reservation_transition_from_a_state REFERENCES reservation_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT reservation_transition_to_a_state REFERENCES reservation_state,
    event varchar(32) NOT NULL,
    CONSTRAINT reservation_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE reservation_transition IS 'Allowed moves of a reservation and what causes them.';

CREATE TABLE reservation_history (
    reservation_id uuid NOT NULL
        CONSTRAINT reservation_history_of_a_reservation REFERENCES reservation ON DELETE CASCADE,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reservation_history_head_unique UNIQUE (reservation_id, seq, to_state),
    CONSTRAINT reservation_history_starts_active
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'active')),
    CONSTRAINT reservation_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES reservation_transition,
    CONSTRAINT reservation_history_unbroken FOREIGN KEY (reservation_id, prev_seq, from_state)
        REFERENCES reservation_history (reservation_id, seq, to_state)
);
ALTER TABLE reservation_history
    ADD CONSTRAINT reservation_history_identity PRIMARY KEY (reservation_id, seq);
COMMENT ON TABLE reservation_history IS
    'Every move of every reservation. Append-only; it goes only when its reservation is purged.';
CREATE CONSTRAINT TRIGGER reservation_history_append_only
    AFTER UPDATE OR DELETE ON reservation_history FOR EACH ROW EXECUTE FUNCTION
    refuse_unless_owner_is_gone('history is append-only', 'reservation', 'reservation_id');
CREATE TRIGGER reservation_history_never_truncated BEFORE TRUNCATE ON reservation_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'reservation_history_append_only');

ALTER TABLE reservation ADD CONSTRAINT reservation_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES reservation_history (reservation_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER reservation_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON reservation
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO reservation_state (state, is_final) VALUES
    ('active', false), ('committed', false),
    ('fulfilled', true), ('released', true), ('expired', true);
INSERT INTO reservation_transition (from_state, to_state, event) VALUES
    ('active', 'committed', 'commit'), ('active', 'released', 'release'),
    ('active', 'expired', 'expire'),
    ('committed', 'fulfilled', 'fulfil'), ('committed', 'released', 'withdraw');

-- Transfers ------------------------------------------------------------------------------------

CREATE TABLE stock_transfer (
    id uuid NOT NULL,
    from_location_id uuid NOT NULL CONSTRAINT stock_transfer_from_a_location REFERENCES location,
    to_location_id uuid NOT NULL CONSTRAINT stock_transfer_to_a_location REFERENCES location,
    state varchar(32) NOT NULL DEFAULT 'draft',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_transfer_route_unique UNIQUE (id, from_location_id, to_location_id),
    CONSTRAINT stock_transfer_goes_elsewhere CHECK (from_location_id <> to_location_id),
    CONSTRAINT stock_transfer_starts_draft
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'draft'))
);
ALTER TABLE stock_transfer ADD CONSTRAINT stock_transfer_identity PRIMARY KEY (id);
COMMENT ON TABLE stock_transfer IS 'Stock on its way from one location to another.';

CREATE TABLE stock_transfer_line (
    id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    from_location_id uuid NOT NULL,
    to_location_id uuid NOT NULL,
    variant_id uuid NOT NULL CONSTRAINT stock_transfer_line_of_a_variant REFERENCES variant,
    quantity line_quantity NOT NULL,
    received line_quantity,
    CONSTRAINT stock_transfer_line_sent_unique
        UNIQUE (id, from_location_id, variant_id, quantity),
    CONSTRAINT stock_transfer_line_received_unique
        UNIQUE (id, to_location_id, variant_id, received),
    CONSTRAINT stock_transfer_line_variant_once UNIQUE (transfer_id, variant_id),
    CONSTRAINT stock_transfer_line_receives_at_most_what_was_sent CHECK (received <= quantity),
    CONSTRAINT stock_transfer_line_on_the_route_of_its_transfer
        FOREIGN KEY (transfer_id, from_location_id, to_location_id)
        REFERENCES stock_transfer (id, from_location_id, to_location_id) ON DELETE CASCADE
);
ALTER TABLE stock_transfer_line ADD CONSTRAINT stock_transfer_line_identity PRIMARY KEY (id);
COMMENT ON TABLE stock_transfer_line IS 'One variant of a transfer.';
COMMENT ON COLUMN stock_transfer_line.received IS
    'How much arrived; NULL until then and when nothing arrived. The movement in must equal it.';

ALTER TABLE stock_movement
    ADD CONSTRAINT stock_movement_sends_its_transfer_line
        FOREIGN KEY (sent_line_id, location_id, variant_id, quantity)
        REFERENCES stock_transfer_line (id, from_location_id, variant_id, quantity),
    ADD CONSTRAINT stock_movement_receives_its_transfer_line
        FOREIGN KEY (received_line_id, location_id, variant_id, quantity)
        REFERENCES stock_transfer_line (id, to_location_id, variant_id, received);

CREATE TABLE stock_transfer_state (
    state varchar(32) NOT NULL CONSTRAINT stock_transfer_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE stock_transfer_state IS 'States of a transfer.';

CREATE TABLE stock_transfer_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT stock_transfer_transition_from_a_state REFERENCES stock_transfer_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT stock_transfer_transition_to_a_state REFERENCES stock_transfer_state,
    event varchar(32) NOT NULL,
    CONSTRAINT stock_transfer_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE stock_transfer_transition IS 'Allowed moves of a transfer and what causes them.';

CREATE TABLE stock_transfer_history (
    stock_transfer_id uuid NOT NULL
        CONSTRAINT stock_transfer_history_of_a_transfer REFERENCES stock_transfer,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_transfer_history_head_unique UNIQUE (stock_transfer_id, seq, to_state),
    CONSTRAINT stock_transfer_history_starts_draft
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'draft')),
    CONSTRAINT stock_transfer_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES stock_transfer_transition,
    CONSTRAINT stock_transfer_history_unbroken
        FOREIGN KEY (stock_transfer_id, prev_seq, from_state)
        REFERENCES stock_transfer_history (stock_transfer_id, seq, to_state)
);
ALTER TABLE stock_transfer_history
    ADD CONSTRAINT stock_transfer_history_identity PRIMARY KEY (stock_transfer_id, seq);
COMMENT ON TABLE stock_transfer_history IS 'Every move of every transfer. Append-only.';
CREATE CONSTRAINT TRIGGER stock_transfer_history_append_only
    AFTER UPDATE OR DELETE ON stock_transfer_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER stock_transfer_history_never_truncated BEFORE TRUNCATE ON stock_transfer_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'stock_transfer_history_append_only');

ALTER TABLE stock_transfer ADD CONSTRAINT stock_transfer_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES stock_transfer_history (stock_transfer_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER stock_transfer_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON stock_transfer
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO stock_transfer_state (state, is_final) VALUES
    ('draft', false), ('in_transit', false), ('received', true), ('cancelled', true);
INSERT INTO stock_transfer_transition (from_state, to_state, event) VALUES
    ('draft', 'in_transit', 'send'), ('draft', 'cancelled', 'cancel'),
    ('in_transit', 'received', 'receive');
