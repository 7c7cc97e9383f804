-- Fulfilments and returns: what leaves for an order, what comes back, and the stock it moves.
--
-- Units are claimed on the order line when a fulfilment or return is made, and given back when it
-- is cancelled or rejected. Stock moves only with a movement that says exactly what the line says.

-- Fulfilments ----------------------------------------------------------------------------------

CREATE TABLE fulfilment (
    id uuid NOT NULL,
    order_id uuid NOT NULL CONSTRAINT fulfilment_of_an_order REFERENCES orders,
    location_id uuid NOT NULL CONSTRAINT fulfilment_from_a_location REFERENCES location,
    state varchar(32) NOT NULL DEFAULT 'pending',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    carrier label,
    tracking_number label,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fulfilment_terms_unique UNIQUE (id, order_id, location_id),
    CONSTRAINT fulfilment_starts_pending
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'pending'))
);
ALTER TABLE fulfilment ADD CONSTRAINT fulfilment_identity PRIMARY KEY (id);
CREATE INDEX fulfilment_by_order ON fulfilment (order_id);
COMMENT ON TABLE fulfilment IS
    'A parcel: units of one order that leave one location together.';

CREATE TABLE fulfilment_line (
    id uuid NOT NULL,
    fulfilment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    location_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    from_stock boolean NOT NULL DEFAULT true,
    stock_location_id uuid GENERATED ALWAYS AS
        (CASE WHEN from_stock THEN location_id END) STORED,
    quantity line_quantity NOT NULL,
    CONSTRAINT fulfilment_line_goods_unique UNIQUE (id, location_id, variant_id, quantity),
    CONSTRAINT fulfilment_line_once UNIQUE (fulfilment_id, order_line_id),
    CONSTRAINT fulfilment_line_in_terms_of_its_fulfilment
        FOREIGN KEY (fulfilment_id, order_id, location_id)
        REFERENCES fulfilment (id, order_id, location_id),
    CONSTRAINT fulfilment_line_of_a_line_of_its_order
        FOREIGN KEY (order_id, order_line_id) REFERENCES order_line (order_id, id),
    CONSTRAINT fulfilment_line_of_the_variant_ordered
        FOREIGN KEY (variant_id, order_line_id) REFERENCES order_line (variant_id, id),
    CONSTRAINT fulfilment_line_from_a_reservation
        FOREIGN KEY (order_line_id, stock_location_id)
        REFERENCES reservation (order_line_id, location_id)
);
ALTER TABLE fulfilment_line ADD CONSTRAINT fulfilment_line_identity PRIMARY KEY (id);
CREATE INDEX fulfilment_line_by_order_line ON fulfilment_line (order_line_id);
COMMENT ON TABLE fulfilment_line IS 'Units of one order line in a parcel.';
COMMENT ON COLUMN fulfilment_line.from_stock IS
    'False for a variant whose inventory is not tracked: no reservation is needed then.';

CREATE FUNCTION fulfil_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_line SET fulfilled = fulfilled + NEW.quantity WHERE id = NEW.order_line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER fulfilment_line_moves_the_line AFTER INSERT ON fulfilment_line
    FOR EACH ROW EXECUTE FUNCTION fulfil_units();
CREATE FUNCTION give_fulfilled_units_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_line SET fulfilled = fulfilled - part.quantity
      FROM fulfilment_line AS part
     WHERE part.fulfilment_id = NEW.id AND order_line.id = part.order_line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER fulfilment_gives_back_when_cancelled AFTER UPDATE OF state ON fulfilment
    FOR EACH ROW WHEN (NEW.state = 'cancelled' AND OLD.state <> 'cancelled')
    EXECUTE FUNCTION give_fulfilled_units_back();
CREATE CONSTRAINT TRIGGER fulfilment_line_append_only AFTER UPDATE OR DELETE ON fulfilment_line
    FOR EACH ROW EXECUTE FUNCTION refuse('cancel the fulfilment and make another');
CREATE TRIGGER fulfilment_line_never_truncated BEFORE TRUNCATE ON fulfilment_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('cancel the fulfilment and make another', 'fulfilment_line_append_only');

CREATE TABLE fulfilment_state (
    state varchar(32) NOT NULL CONSTRAINT fulfilment_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE fulfilment_state IS 'States of a fulfilment.';

CREATE TABLE fulfilment_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT fulfilment_transition_from_a_state REFERENCES fulfilment_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT fulfilment_transition_to_a_state REFERENCES fulfilment_state,
    event varchar(32) NOT NULL,
    CONSTRAINT fulfilment_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE fulfilment_transition IS 'Allowed moves of a fulfilment and what causes them.';

CREATE TABLE fulfilment_history (
    fulfilment_id uuid NOT NULL
        CONSTRAINT fulfilment_history_of_a_fulfilment REFERENCES fulfilment,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fulfilment_history_head_unique UNIQUE (fulfilment_id, seq, to_state),
    CONSTRAINT fulfilment_history_starts_pending
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'pending')),
    CONSTRAINT fulfilment_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES fulfilment_transition,
    CONSTRAINT fulfilment_history_unbroken FOREIGN KEY (fulfilment_id, prev_seq, from_state)
        REFERENCES fulfilment_history (fulfilment_id, seq, to_state)
);
ALTER TABLE fulfilment_history
    ADD CONSTRAINT fulfilment_history_identity PRIMARY KEY (fulfilment_id, seq);
COMMENT ON TABLE fulfilment_history IS 'Every move of every fulfilment. Append-only.';
CREATE CONSTRAINT TRIGGER fulfilment_history_append_only
    AFTER UPDATE OR DELETE ON fulfilment_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER fulfilment_history_never_truncated BEFORE TRUNCATE ON fulfilment_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'fulfilment_history_append_only');

ALTER TABLE fulfilment ADD CONSTRAINT fulfilment_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES fulfilment_history (fulfilment_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER fulfilment_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON fulfilment
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO fulfilment_state (state, is_final) VALUES
    ('pending', false), ('shipped', false), ('delivered', true), ('lost', true),
    ('cancelled', true);
INSERT INTO fulfilment_transition (from_state, to_state, event) VALUES
    ('pending', 'shipped', 'ship'), ('pending', 'cancelled', 'cancel'),
    ('shipped', 'delivered', 'deliver'), ('shipped', 'lost', 'lose');

-- Returns --------------------------------------------------------------------------------------

CREATE TABLE order_return (
    id uuid NOT NULL,
    order_id uuid NOT NULL CONSTRAINT order_return_of_an_order REFERENCES orders,
    state varchar(32) NOT NULL DEFAULT 'requested',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    reason label NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_return_order_unique UNIQUE (order_id, id),
    CONSTRAINT order_return_starts_requested
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'requested'))
);
ALTER TABLE order_return ADD CONSTRAINT order_return_identity PRIMARY KEY (id);
COMMENT ON TABLE order_return IS 'Goods that a customer sends back.';

CREATE TABLE order_return_line (
    id uuid NOT NULL,
    return_id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity line_quantity NOT NULL,
    location_id uuid CONSTRAINT order_return_line_to_a_location REFERENCES location,
    restocked line_quantity,
    CONSTRAINT order_return_line_goods_unique UNIQUE (id, location_id, variant_id, restocked),
    CONSTRAINT order_return_line_once UNIQUE (return_id, order_line_id),
    CONSTRAINT order_return_line_restocks_at_most_what_came CHECK (restocked <= quantity),
    CONSTRAINT order_return_line_restocks_somewhere
        CHECK (restocked IS NULL OR location_id IS NOT NULL),
    CONSTRAINT order_return_line_of_a_return_of_its_order
        FOREIGN KEY (order_id, return_id) REFERENCES order_return (order_id, id),
    CONSTRAINT order_return_line_of_a_line_of_its_order
        FOREIGN KEY (order_id, order_line_id) REFERENCES order_line (order_id, id),
    CONSTRAINT order_return_line_of_the_variant_ordered
        FOREIGN KEY (variant_id, order_line_id) REFERENCES order_line (variant_id, id)
);
ALTER TABLE order_return_line ADD CONSTRAINT order_return_line_identity PRIMARY KEY (id);
CREATE INDEX order_return_line_by_order_line ON order_return_line (order_line_id);
COMMENT ON TABLE order_return_line IS 'Units of one order line that come back.';
COMMENT ON COLUMN order_return_line.restocked IS
    'How many can be sold again; NULL when none or not known yet. The movement must equal it.';

CREATE FUNCTION return_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_line SET returned = returned + NEW.quantity WHERE id = NEW.order_line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_return_line_moves_the_line AFTER INSERT ON order_return_line
    FOR EACH ROW EXECUTE FUNCTION return_units();
CREATE FUNCTION give_returned_units_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_line SET returned = returned - part.quantity
      FROM order_return_line AS part
     WHERE part.return_id = NEW.id AND order_line.id = part.order_line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_return_gives_back_when_refused AFTER UPDATE OF state ON order_return
    FOR EACH ROW WHEN (NEW.state IN ('rejected', 'cancelled')
                       AND OLD.state NOT IN ('rejected', 'cancelled'))
    EXECUTE FUNCTION give_returned_units_back();
CREATE CONSTRAINT TRIGGER order_return_line_keeps_its_units
    AFTER UPDATE OF return_id, order_line_id, variant_id, quantity ON order_return_line
    FOR EACH ROW WHEN ((NEW.return_id, NEW.order_line_id, NEW.variant_id, NEW.quantity)
                       IS DISTINCT FROM
                       (OLD.return_id, OLD.order_line_id, OLD.variant_id, OLD.quantity))
    EXECUTE FUNCTION refuse('cancel the return and make another');
CREATE CONSTRAINT TRIGGER order_return_line_never_deleted AFTER DELETE ON order_return_line
    FOR EACH ROW EXECUTE FUNCTION refuse('cancel the return and make another');

CREATE TABLE order_return_state (
    state varchar(32) NOT NULL CONSTRAINT order_return_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE order_return_state IS 'States of a return.';

CREATE TABLE order_return_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT order_return_transition_from_a_state REFERENCES order_return_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT order_return_transition_to_a_state REFERENCES order_return_state,
    event varchar(32) NOT NULL,
    CONSTRAINT order_return_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE order_return_transition IS 'Allowed moves of a return and what causes them.';

CREATE TABLE order_return_history (
    order_return_id uuid NOT NULL
        CONSTRAINT order_return_history_of_a_return REFERENCES order_return,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_return_history_head_unique UNIQUE (order_return_id, seq, to_state),
    CONSTRAINT order_return_history_starts_requested
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'requested')),
    CONSTRAINT order_return_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES order_return_transition,
    CONSTRAINT order_return_history_unbroken FOREIGN KEY (order_return_id, prev_seq, from_state)
        REFERENCES order_return_history (order_return_id, seq, to_state)
);
ALTER TABLE order_return_history
    ADD CONSTRAINT order_return_history_identity PRIMARY KEY (order_return_id, seq);
COMMENT ON TABLE order_return_history IS 'Every move of every return. Append-only.';
CREATE CONSTRAINT TRIGGER order_return_history_append_only
    AFTER UPDATE OR DELETE ON order_return_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER order_return_history_never_truncated BEFORE TRUNCATE ON order_return_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'order_return_history_append_only');

ALTER TABLE order_return ADD CONSTRAINT order_return_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES order_return_history (order_return_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER order_return_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON order_return
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO order_return_state (state, is_final) VALUES
    ('requested', false), ('approved', false), ('received', false), ('completed', true),
    ('rejected', true), ('cancelled', true);
INSERT INTO order_return_transition (from_state, to_state, event) VALUES
    ('requested', 'approved', 'approve'), ('requested', 'rejected', 'reject'),
    ('requested', 'cancelled', 'cancel'), ('approved', 'received', 'receive'),
    ('approved', 'cancelled', 'cancel'), ('received', 'completed', 'complete');

-- What orders do to the stock ------------------------------------------------------------------

ALTER TABLE stock_movement
    ADD COLUMN fulfilment_line_id uuid,
    ADD COLUMN return_line_id uuid,
    ADD CONSTRAINT stock_movement_ships_its_fulfilment_line
        FOREIGN KEY (fulfilment_line_id, location_id, variant_id, quantity)
        REFERENCES fulfilment_line (id, location_id, variant_id, quantity),
    ADD CONSTRAINT stock_movement_restocks_its_return_line
        FOREIGN KEY (return_line_id, location_id, variant_id, quantity)
        REFERENCES order_return_line (id, location_id, variant_id, restocked),
    ADD CONSTRAINT stock_movement_has_one_cause CHECK (
        num_nonnulls(operation_id, sent_line_id, received_line_id, fulfilment_line_id,
                     return_line_id) = 1
        AND CASE kind WHEN 'ship' THEN fulfilment_line_id IS NOT NULL
                      WHEN 'return' THEN return_line_id IS NOT NULL
                      WHEN 'transfer_out' THEN sent_line_id IS NOT NULL
                      WHEN 'transfer_in' THEN received_line_id IS NOT NULL
                      ELSE operation_id IS NOT NULL END);
CREATE UNIQUE INDEX stock_movement_once_per_fulfilment_line ON stock_movement (fulfilment_line_id)
    WHERE fulfilment_line_id IS NOT NULL;
CREATE UNIQUE INDEX stock_movement_once_per_return_line ON stock_movement (return_line_id)
    WHERE return_line_id IS NOT NULL;
COMMENT ON CONSTRAINT stock_movement_has_one_cause ON stock_movement IS
    'Each kind is caused by one kind of row, once, and moves exactly what that row says.';

CREATE FUNCTION ship_reserved_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reservation SET shipped = shipped + shipment.quantity
      FROM (SELECT part.order_line_id, part.stock_location_id, sum(moved.quantity) AS quantity
              FROM moved JOIN fulfilment_line AS part ON part.id = moved.fulfilment_line_id
             GROUP BY part.order_line_id, part.stock_location_id) AS shipment
     WHERE reservation.order_line_id = shipment.order_line_id
       AND reservation.location_id = shipment.stock_location_id;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ship_reserved_stock() IS
    'Runs before the level loses its stock, so that the promise is taken back first.';
CREATE TRIGGER stock_movement_allocation_is_shipped AFTER INSERT ON stock_movement
    REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION ship_reserved_stock();
