-- Refunds, disputes, and the entries of gift cards and store credit.
--
-- As captures and voids do, each row claims its amount in the payment before the provider is asked,
-- and gives it back when the provider, or the bank, decides otherwise.

-- Refunds --------------------------------------------------------------------------------------

CREATE TABLE refund (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    amount positive_amount NOT NULL,
    assigned minor_amount NOT NULL DEFAULT 0,
    state varchar(32) NOT NULL DEFAULT 'pending',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    reason varchar(32) NOT NULL CONSTRAINT refund_reason_known
        CHECK (reason IN ('requested_by_customer', 'duplicate', 'fraudulent', 'damaged',
                          'not_received', 'returned', 'other')),
    note note,
    return_id uuid,
    provider_ref provider_reference,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refund_terms_unique UNIQUE (id, order_id, currency),
    CONSTRAINT refund_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT refund_starts_pending
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'pending')),
    CONSTRAINT refund_explained CHECK (reason <> 'other' OR note IS NOT NULL),
    CONSTRAINT refund_assigned_within_amount CHECK (assigned <= amount),
    CONSTRAINT refund_in_terms_of_its_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider),
    CONSTRAINT refund_for_the_order_of_its_payment
        FOREIGN KEY (order_id, payment_id) REFERENCES payment (order_id, id),
    CONSTRAINT refund_for_a_return_of_its_order
        FOREIGN KEY (order_id, return_id) REFERENCES order_return (order_id, id)
);
ALTER TABLE refund ADD CONSTRAINT refund_identity PRIMARY KEY (id);
CREATE INDEX refund_by_payment ON refund (payment_id);
CREATE INDEX refund_by_return ON refund (return_id) WHERE return_id IS NOT NULL;
COMMENT ON TABLE refund IS 'Captured money that goes back to the customer.';
COMMENT ON COLUMN refund.assigned IS 'How much of it names an order line; moved by refund lines.';
CREATE CONSTRAINT TRIGGER refund_starts_unassigned AFTER INSERT ON refund
    FOR EACH ROW WHEN (NEW.assigned <> 0)
    EXECUTE FUNCTION refuse('assigned is moved by refund lines');
CREATE CONSTRAINT TRIGGER refund_moved_only_by_its_rows AFTER UPDATE OF assigned ON refund
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('assigned is moved by refund lines');

CREATE TABLE refund_line (
    refund_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    order_id uuid NOT NULL,
    currency currency_code NOT NULL,
    amount positive_amount NOT NULL,
    CONSTRAINT refund_line_identity PRIMARY KEY (refund_id, order_line_id),
    CONSTRAINT refund_line_in_terms_of_its_refund
        FOREIGN KEY (refund_id, order_id, currency) REFERENCES refund (id, order_id, currency),
    CONSTRAINT refund_line_of_a_line_of_its_order
        FOREIGN KEY (order_id, order_line_id) REFERENCES order_line (order_id, id)
);
CREATE INDEX refund_line_by_order_line ON refund_line (order_line_id);
COMMENT ON TABLE refund_line IS 'Which order line a part of a refund is for.';

CREATE FUNCTION refund_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pending bigint := 0;
    done bigint := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        pending := CASE WHEN OLD.state IN ('pending', 'requires_action')
                        THEN -OLD.amount ELSE 0 END;
        done := CASE WHEN OLD.state = 'succeeded' THEN -OLD.amount ELSE 0 END;
        IF NEW.state IN ('failed', 'canceled') AND OLD.state NOT IN ('failed', 'canceled') THEN
            UPDATE order_line SET refunded = refunded - part.amount
              FROM refund_line AS part
             WHERE part.refund_id = NEW.id AND order_line.id = part.order_line_id;
        END IF;
    END IF;
    pending := pending + CASE WHEN NEW.state IN ('pending', 'requires_action')
                              THEN NEW.amount ELSE 0 END;
    done := done + CASE WHEN NEW.state = 'succeeded' THEN NEW.amount ELSE 0 END;
    IF pending <> 0 OR done <> 0 THEN
        UPDATE payment SET refund_pending = refund_pending + pending, refunded = refunded + done
         WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_moves_the_payment AFTER INSERT OR UPDATE OF state ON refund
    FOR EACH ROW EXECUTE FUNCTION refund_payment();

CREATE FUNCTION assign_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refund SET assigned = assigned + NEW.amount WHERE id = NEW.refund_id;
    UPDATE order_line SET refunded = refunded + NEW.amount
      FROM refund
     WHERE refund.id = NEW.refund_id AND refund.state NOT IN ('failed', 'canceled')
       AND order_line.id = NEW.order_line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_line_moves_the_line AFTER INSERT ON refund_line
    FOR EACH ROW EXECUTE FUNCTION assign_refund();
CREATE CONSTRAINT TRIGGER refund_line_append_only AFTER UPDATE OR DELETE ON refund_line
    FOR EACH ROW EXECUTE FUNCTION refuse('a refund keeps what it is for');
CREATE TRIGGER refund_line_never_truncated BEFORE TRUNCATE ON refund_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('a refund keeps what it is for', 'refund_line_append_only');
CREATE CONSTRAINT TRIGGER refund_keeps_its_terms
    AFTER UPDATE OF payment_id, amount, currency, provider ON refund
    FOR EACH ROW WHEN ((NEW.payment_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.payment_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('a refund keeps its payment and amount');
CREATE CONSTRAINT TRIGGER refund_never_deleted AFTER DELETE ON refund
    FOR EACH ROW EXECUTE FUNCTION refuse('a refund is closed, not deleted');

CREATE TABLE refund_state (
    state varchar(32) NOT NULL CONSTRAINT refund_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE refund_state IS 'States of a refund.';

CREATE TABLE refund_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT refund_transition_from_a_state REFERENCES refund_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT refund_transition_to_a_state REFERENCES refund_state,
    event varchar(32) NOT NULL,
    CONSTRAINT refund_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE refund_transition IS 'Allowed moves of a refund and what causes them.';

CREATE TABLE refund_history (
    refund_id uuid NOT NULL
        CONSTRAINT refund_history_of_a_refund REFERENCES refund,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refund_history_head_unique UNIQUE (refund_id, seq, to_state),
    CONSTRAINT refund_history_starts_pending
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'pending')),
    CONSTRAINT refund_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES refund_transition,
    CONSTRAINT refund_history_unbroken FOREIGN KEY (refund_id, prev_seq, from_state)
        REFERENCES refund_history (refund_id, seq, to_state)
);
ALTER TABLE refund_history
    ADD CONSTRAINT refund_history_identity PRIMARY KEY (refund_id, seq);
COMMENT ON TABLE refund_history IS 'Every move of every refund. Append-only.';
CREATE CONSTRAINT TRIGGER refund_history_append_only
    AFTER UPDATE OR DELETE ON refund_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER refund_history_never_truncated BEFORE TRUNCATE ON refund_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'refund_history_append_only');

ALTER TABLE refund ADD CONSTRAINT refund_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES refund_history (refund_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER refund_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON refund
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO refund_state (state, is_final) VALUES
    ('pending', false), ('requires_action', false), ('succeeded', false), ('failed', true),
    ('canceled', true);
INSERT INTO refund_transition (from_state, to_state, event) VALUES
    ('pending', 'requires_action', 'challenge'), ('pending', 'succeeded', 'settle'),
    ('pending', 'failed', 'fail'), ('pending', 'canceled', 'cancel'),
    ('requires_action', 'pending', 'submit'), ('requires_action', 'succeeded', 'settle'),
    ('requires_action', 'failed', 'fail'), ('requires_action', 'canceled', 'cancel'),
    ('succeeded', 'failed', 'late_failure');

-- Disputes -------------------------------------------------------------------------------------

CREATE TABLE dispute (
    id uuid NOT NULL CONSTRAINT dispute_identity PRIMARY KEY,
    payment_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    amount positive_amount NOT NULL,
    state varchar(32) NOT NULL DEFAULT 'opened',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    reason label NOT NULL,
    provider_ref provider_reference NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    respond_by timestamptz NOT NULL
        CONSTRAINT dispute_answered_after_creation CHECK (respond_by > created_at),
    CONSTRAINT dispute_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT dispute_starts_opened
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'opened')),
    CONSTRAINT dispute_in_terms_of_its_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider)
);
CREATE UNIQUE INDEX dispute_one_open ON dispute (payment_id)
    WHERE state IN ('opened', 'challenged');
CREATE INDEX dispute_by_payment ON dispute (payment_id);
COMMENT ON TABLE dispute IS
    'The customer''s bank takes captured money back, until it is decided who keeps it.';

CREATE FUNCTION dispute_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint := 0;
BEGIN
    IF NEW.state NOT IN ('won', 'canceled') THEN
        change := NEW.amount;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state NOT IN ('won', 'canceled') THEN
        change := change - OLD.amount;
    END IF;
    IF change <> 0 THEN
        UPDATE payment SET disputed = disputed + change WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dispute_moves_the_payment AFTER INSERT OR UPDATE OF state ON dispute
    FOR EACH ROW EXECUTE FUNCTION dispute_payment();
CREATE CONSTRAINT TRIGGER dispute_keeps_its_terms
    AFTER UPDATE OF payment_id, amount, currency, provider ON dispute
    FOR EACH ROW WHEN ((NEW.payment_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.payment_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('a dispute keeps its payment and amount');
CREATE CONSTRAINT TRIGGER dispute_never_deleted AFTER DELETE ON dispute
    FOR EACH ROW EXECUTE FUNCTION refuse('a dispute is closed, not deleted');

CREATE TABLE dispute_state (
    state varchar(32) NOT NULL CONSTRAINT dispute_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE dispute_state IS 'States of a dispute.';

CREATE TABLE dispute_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT dispute_transition_from_a_state REFERENCES dispute_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT dispute_transition_to_a_state REFERENCES dispute_state,
    event varchar(32) NOT NULL,
    CONSTRAINT dispute_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE dispute_transition IS 'Allowed moves of a dispute and what causes them.';

CREATE TABLE dispute_history (
    dispute_id uuid NOT NULL
        CONSTRAINT dispute_history_of_a_dispute REFERENCES dispute,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dispute_history_head_unique UNIQUE (dispute_id, seq, to_state),
    CONSTRAINT dispute_history_starts_opened
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'opened')),
    CONSTRAINT dispute_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES dispute_transition,
    CONSTRAINT dispute_history_unbroken FOREIGN KEY (dispute_id, prev_seq, from_state)
        REFERENCES dispute_history (dispute_id, seq, to_state)
);
ALTER TABLE dispute_history
    ADD CONSTRAINT dispute_history_identity PRIMARY KEY (dispute_id, seq);
COMMENT ON TABLE dispute_history IS 'Every move of every dispute. Append-only.';
CREATE CONSTRAINT TRIGGER dispute_history_append_only
    AFTER UPDATE OR DELETE ON dispute_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER dispute_history_never_truncated BEFORE TRUNCATE ON dispute_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'dispute_history_append_only');

ALTER TABLE dispute ADD CONSTRAINT dispute_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES dispute_history (dispute_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER dispute_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON dispute
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO dispute_state (state, is_final) VALUES
    ('opened', false), ('challenged', false), ('accepted', true), ('won', true), ('lost', true),
    ('expired', true), ('canceled', true);
INSERT INTO dispute_transition (from_state, to_state, event) VALUES
    ('opened', 'challenged', 'challenge'), ('opened', 'accepted', 'accept'),
    ('opened', 'won', 'win'), ('opened', 'lost', 'lose'), ('opened', 'expired', 'expire'),
    ('opened', 'canceled', 'cancel'), ('challenged', 'accepted', 'accept'),
    ('challenged', 'won', 'win'), ('challenged', 'lost', 'lose'),
    ('challenged', 'canceled', 'cancel');

-- Entries of gift cards and store credit -------------------------------------------------------

CREATE TABLE store_credit_entry (
    id uuid NOT NULL CONSTRAINT store_credit_entry_identity PRIMARY KEY,
    store_credit_id uuid NOT NULL,
    currency currency_code NOT NULL,
    kind varchar(16) NOT NULL CONSTRAINT store_credit_entry_kind_known
        CHECK (kind IN ('issue', 'hold', 'release', 'spend', 'give_back')),
    amount positive_amount NOT NULL,
    payment_id uuid,
    provider slug GENERATED ALWAYS AS ('internal') STORED,
    actor label NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT store_credit_entry_names_its_payment
        CHECK (kind = 'issue' OR payment_id IS NOT NULL),
    CONSTRAINT store_credit_entry_in_the_currency_of_its_credit
        FOREIGN KEY (store_credit_id, currency) REFERENCES store_credit (id, currency),
    CONSTRAINT store_credit_entry_for_an_internal_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider)
);
CREATE INDEX store_credit_entry_by_credit ON store_credit_entry (store_credit_id);
CREATE INDEX store_credit_entry_by_payment ON store_credit_entry (payment_id)
    WHERE payment_id IS NOT NULL;
COMMENT ON TABLE store_credit_entry IS
    'What happened to a gift card or credit: issued, held for a payment, released, spent, '
    'given back. Append-only.';
COMMENT ON COLUMN store_credit_entry.id IS
    'The id of what caused it (attempt, capture, void, refund), so that nothing is booked twice.';

CREATE FUNCTION move_store_credit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE store_credit
       SET issued = issued + CASE NEW.kind WHEN 'issue' THEN NEW.amount ELSE 0 END,
           held = held + CASE NEW.kind WHEN 'hold' THEN NEW.amount
                                       WHEN 'release' THEN -NEW.amount
                                       WHEN 'spend' THEN -NEW.amount ELSE 0 END,
           spent = spent + CASE NEW.kind WHEN 'spend' THEN NEW.amount
                                         WHEN 'give_back' THEN -NEW.amount ELSE 0 END
     WHERE id = NEW.store_credit_id;
    RETURN NULL;
END $$;
CREATE TRIGGER store_credit_entry_moves_the_credit AFTER INSERT ON store_credit_entry
    FOR EACH ROW EXECUTE FUNCTION move_store_credit();
CREATE CONSTRAINT TRIGGER store_credit_entry_append_only
    AFTER UPDATE OR DELETE ON store_credit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse('entries are append-only');
CREATE TRIGGER store_credit_entry_never_truncated BEFORE TRUNCATE ON store_credit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('entries are append-only', 'store_credit_entry_append_only');
