-- Payments: methods, the payment with its summaries, attempts, captures and voids.
--
-- Rows are written *before* the provider is asked: an attempt, capture, void or refund claims its
-- amount in the summary of the payment, and the CHECKs there decide. Whatever happens to the
-- process afterwards, the row says what must be asked again; its id is the idempotency key that
-- the provider sees. Currency and provider of every row are those of its payment, by foreign key.

CREATE TABLE store_credit (
    id uuid NOT NULL,
    customer_id uuid CONSTRAINT store_credit_of_a_customer REFERENCES customer,
    kind varchar(16) NOT NULL
        CONSTRAINT store_credit_kind_known CHECK (kind IN ('gift_card', 'store_credit')),
    currency currency_code NOT NULL CONSTRAINT store_credit_in_a_currency REFERENCES currency,
    code_hash sha256_digest CONSTRAINT store_credit_code_once UNIQUE,
    issued minor_amount NOT NULL DEFAULT 0,
    held minor_amount NOT NULL DEFAULT 0,
    spent minor_amount NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
        CONSTRAINT store_credit_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT store_credit_currency_unique UNIQUE (id, currency),
    CONSTRAINT store_credit_never_overspent CHECK (held + spent <= issued),
    CONSTRAINT store_credit_gift_card_has_a_code
        CHECK ((kind = 'gift_card') = (code_hash IS NOT NULL)),
    CONSTRAINT store_credit_belongs_to_somebody
        CHECK (kind <> 'store_credit' OR customer_id IS NOT NULL)
) WITH (fillfactor = 70);
ALTER TABLE store_credit ADD CONSTRAINT store_credit_identity PRIMARY KEY (id);
CREATE INDEX store_credit_by_customer ON store_credit (customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE store_credit IS
    'Money that the shop owes: a gift card, or the credit of a customer. Moved by its entries '
    'only.';
COMMENT ON COLUMN store_credit.held IS 'Claimed by payments that are authorised and not captured.';
CREATE CONSTRAINT TRIGGER store_credit_starts_empty AFTER INSERT ON store_credit
    FOR EACH ROW WHEN (NEW.issued <> 0 OR NEW.held <> 0 OR NEW.spent <> 0)
    EXECUTE FUNCTION refuse('issued, held and spent are moved by entries');
CREATE CONSTRAINT TRIGGER store_credit_moved_only_by_its_rows
    AFTER UPDATE OF issued, held, spent ON store_credit
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('issued, held and spent are moved by entries');

CREATE TABLE payment_method (
    id uuid NOT NULL,
    customer_id uuid NOT NULL CONSTRAINT payment_method_of_a_customer REFERENCES customer,
    type payment_method_type NOT NULL,
    provider slug NOT NULL CONSTRAINT payment_method_at_a_provider REFERENCES provider,
    token provider_reference,
    brand slug,
    last4 varchar(4) CONSTRAINT payment_method_last4_of_digits CHECK (last4 ~ '^[0-9]{4}$'),
    exp_month smallint
        CONSTRAINT payment_method_exp_month_in_range CHECK (exp_month BETWEEN 1 AND 12),
    exp_year smallint
        CONSTRAINT payment_method_exp_year_in_range CHECK (exp_year BETWEEN 2000 AND 2100),
    fingerprint provider_reference,
    mandate provider_reference,
    store_credit_id uuid CONSTRAINT payment_method_draws_on_a_credit REFERENCES store_credit,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
        CONSTRAINT payment_method_deleted_after_creation CHECK (deleted_at >= created_at),
    customer_live boolean GENERATED ALWAYS AS (CASE WHEN deleted_at IS NULL THEN true END) STORED,
    CONSTRAINT payment_method_type_unique UNIQUE (id, type),
    CONSTRAINT payment_method_card_is_complete CHECK (
        type <> 'card' OR num_nulls(token, brand, last4, exp_month, exp_year, fingerprint) = 0),
    CONSTRAINT payment_method_only_cards_expire
        CHECK (type = 'card' OR num_nonnulls(exp_month, exp_year) = 0),
    CONSTRAINT payment_method_wallet_has_a_token CHECK (type <> 'wallet' OR token IS NOT NULL),
    CONSTRAINT payment_method_debit_has_a_mandate
        CHECK (type <> 'bank_debit' OR num_nulls(token, mandate, last4) = 0),
    CONSTRAINT payment_method_cash_has_no_token
        CHECK (type <> 'cash_on_delivery' OR num_nonnulls(token, last4, fingerprint) = 0),
    CONSTRAINT payment_method_credit_names_its_account
        CHECK ((type IN ('gift_card', 'store_credit')) = (store_credit_id IS NOT NULL)),
    CONSTRAINT payment_method_stores_no_card_number
        CHECK (token !~ '^[0-9]{12,19}$' AND fingerprint !~ '^[0-9]{12,19}$'),
    CONSTRAINT payment_method_of_a_live_customer
        FOREIGN KEY (customer_id, customer_live) REFERENCES customer (id, live)
);
ALTER TABLE payment_method ADD CONSTRAINT payment_method_identity PRIMARY KEY (id);
CREATE UNIQUE INDEX payment_method_once_per_customer ON payment_method (customer_id, fingerprint)
    WHERE deleted_at IS NULL AND fingerprint IS NOT NULL;
CREATE UNIQUE INDEX payment_method_one_default ON payment_method (customer_id)
    WHERE is_default AND deleted_at IS NULL;
CREATE INDEX payment_method_by_customer ON payment_method (customer_id);
COMMENT ON TABLE payment_method IS
    'A stored way to pay. Numbers of cards and accounts stay with the provider: only its '
    'token, a fingerprint and the last four digits are kept.';
COMMENT ON COLUMN payment_method.fingerprint IS
    'The same card or account gives the same value, whatever its token.';
COMMENT ON COLUMN payment_method.mandate IS
    'The customer''s permission to debit the account, by its reference at the provider.';
COMMENT ON COLUMN payment_method.last4 IS 'Last four digits of the card number or of the IBAN.';

CREATE TABLE payment (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    method_type payment_method_type NOT NULL,
    payment_method_id uuid,
    amount positive_amount NOT NULL,
    capture_mode varchar(16) NOT NULL DEFAULT 'automatic'
        CONSTRAINT payment_capture_mode_known
            CHECK (capture_mode IN ('automatic', 'manual', 'manual_multiple')),
    state varchar(32) NOT NULL DEFAULT 'requires_payment_method',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    authorized bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_authorized_not_negative CHECK (authorized >= 0),
    captured bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_captured_not_negative CHECK (captured >= 0),
    capture_pending bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_capture_pending_not_negative CHECK (capture_pending >= 0),
    voided bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_voided_not_negative CHECK (voided >= 0),
    refunded bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_refunded_not_negative CHECK (refunded >= 0),
    refund_pending bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_refund_pending_not_negative CHECK (refund_pending >= 0),
    disputed bigint NOT NULL DEFAULT 0
        CONSTRAINT payment_disputed_not_negative CHECK (disputed >= 0),
    provider_ref provider_reference,
    version bigint NOT NULL DEFAULT 0,
    event_seq integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
        CONSTRAINT payment_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT payment_terms_unique UNIQUE (id, currency, provider),
    CONSTRAINT payment_order_unique UNIQUE (order_id, id),
    CONSTRAINT payment_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT payment_starts_unpaid CHECK (
        state_seq > 0 OR (state_seq = 0 AND state = 'requires_payment_method')),
    CONSTRAINT payment_authorized_within_amount CHECK (authorized <= amount),
    CONSTRAINT payment_captured_within_authorized
        CHECK (captured + capture_pending + voided <= authorized),
    CONSTRAINT payment_refunded_within_captured
        CHECK (refunded + refund_pending + disputed <= captured),
    CONSTRAINT payment_in_the_currency_of_its_order
        FOREIGN KEY (order_id, currency) REFERENCES orders (id, currency),
    CONSTRAINT payment_in_a_currency_of_its_provider
        FOREIGN KEY (provider, currency) REFERENCES provider_currency (provider, currency),
    CONSTRAINT payment_by_a_method_of_its_type
        FOREIGN KEY (payment_method_id, method_type) REFERENCES payment_method (id, type)
) WITH (fillfactor = 60);
ALTER TABLE payment ADD CONSTRAINT payment_identity PRIMARY KEY (id);
CREATE INDEX payment_by_method ON payment (payment_method_id) WHERE payment_method_id IS NOT NULL;
CREATE INDEX payment_due ON payment (expires_at)
    WHERE state IN ('requires_payment_method', 'requires_action', 'authorized');
COMMENT ON TABLE payment IS
    'One way in which one order is paid. An order may have several, together at most its total.';
COMMENT ON COLUMN payment.authorized IS 'Sum of the attempts that succeeded.';
COMMENT ON COLUMN payment.capture_pending IS
    'Captures that the provider has been or will be asked for, and has not answered.';
COMMENT ON COLUMN payment.voided IS
    'Authorised money given up, including voids that the provider has not answered yet.';
COMMENT ON COLUMN payment.disputed IS
    'Money in disputes that were not won or withdrawn: held or taken back by the bank.';
COMMENT ON CONSTRAINT payment_captured_within_authorized ON payment IS
    'Pending amounts count: the provider is only ever asked for money that is claimed already.';
CREATE CONSTRAINT TRIGGER payment_starts_without_money AFTER INSERT ON payment
    FOR EACH ROW WHEN (NEW.authorized <> 0 OR NEW.captured <> 0 OR NEW.capture_pending <> 0
                       OR NEW.voided <> 0 OR NEW.refunded <> 0 OR NEW.refund_pending <> 0
                       OR NEW.disputed <> 0)
    EXECUTE FUNCTION refuse('amounts are moved by attempts, captures, voids, refunds, disputes');
CREATE CONSTRAINT TRIGGER payment_moved_only_by_its_rows
    AFTER UPDATE OF authorized, captured, capture_pending, voided, refunded, refund_pending,
                    disputed ON payment
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('amounts are moved by attempts, captures, voids, refunds, disputes');
CREATE CONSTRAINT TRIGGER payment_keeps_its_terms
    AFTER UPDATE OF order_id, amount, currency, provider ON payment
    FOR EACH ROW WHEN ((NEW.order_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.order_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('void the payment and make another');
CREATE CONSTRAINT TRIGGER payment_never_deleted AFTER DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse('a payment is voided, not deleted');

CREATE FUNCTION claim_order_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    claim bigint := 0;
BEGIN
    IF NEW.state NOT IN ('failed', 'voided', 'expired') THEN
        claim := NEW.amount - NEW.voided;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state NOT IN ('failed', 'voided', 'expired') THEN
        claim := claim - (OLD.amount - OLD.voided);
    END IF;
    IF claim <> 0 THEN
        UPDATE orders SET payment_claimed = payment_claimed + claim WHERE id = NEW.order_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payment_claims_the_order AFTER INSERT ON payment
    FOR EACH ROW EXECUTE FUNCTION claim_order_total();
CREATE TRIGGER payment_gives_back_the_claim AFTER UPDATE OF state, voided ON payment
    FOR EACH ROW WHEN (NEW.voided <> OLD.voided
                       OR (NEW.state IN ('failed', 'voided', 'expired'))
                          <> (OLD.state IN ('failed', 'voided', 'expired')))
    EXECUTE FUNCTION claim_order_total();

-- States: 13, and 38 moves between them ----------------------------------------------------------

CREATE TABLE payment_state (
    state varchar(32) NOT NULL CONSTRAINT payment_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE payment_state IS 'States of a payment.';

CREATE TABLE payment_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT payment_transition_from_a_state REFERENCES payment_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT payment_transition_to_a_state REFERENCES payment_state,
    event varchar(32) NOT NULL,
    CONSTRAINT payment_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE payment_transition IS 'Allowed moves of a payment and what causes them.';

CREATE TABLE payment_history (
    payment_id uuid NOT NULL
        CONSTRAINT payment_history_of_a_payment REFERENCES payment,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payment_history_head_unique UNIQUE (payment_id, seq, to_state),
    CONSTRAINT payment_history_starts_unpaid
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'requires_payment_method')),
    CONSTRAINT payment_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES payment_transition,
    CONSTRAINT payment_history_unbroken FOREIGN KEY (payment_id, prev_seq, from_state)
        REFERENCES payment_history (payment_id, seq, to_state)
);
ALTER TABLE payment_history
    ADD CONSTRAINT payment_history_identity PRIMARY KEY (payment_id, seq);
COMMENT ON TABLE payment_history IS 'Every move of every payment. Append-only.';
CREATE CONSTRAINT TRIGGER payment_history_append_only
    AFTER UPDATE OR DELETE ON payment_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER payment_history_never_truncated BEFORE TRUNCATE ON payment_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'payment_history_append_only');

ALTER TABLE payment ADD CONSTRAINT payment_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES payment_history (payment_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER payment_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON payment
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO payment_state (state, is_final) VALUES
    ('requires_payment_method', false), ('requires_action', false), ('processing', false),
    ('authorized', false), ('partially_captured', false), ('captured', false),
    ('partially_refunded', false), ('disputed', false), ('refunded', true),
    ('charged_back', true), ('voided', true), ('failed', true), ('expired', true);
INSERT INTO payment_transition (from_state, to_state, event) VALUES
    ('requires_payment_method', 'requires_action', 'challenge'),
    ('requires_payment_method', 'processing', 'submit'),
    ('requires_payment_method', 'authorized', 'authorize'),
    ('requires_payment_method', 'captured', 'purchase'),
    ('requires_payment_method', 'failed', 'fail'),
    ('requires_payment_method', 'expired', 'expire'),
    ('requires_payment_method', 'voided', 'cancel'), ('requires_action', 'processing', 'submit'),
    ('requires_action', 'authorized', 'authorize'), ('requires_action', 'captured', 'purchase'),
    ('requires_action', 'requires_payment_method', 'decline'),
    ('requires_action', 'failed', 'fail'), ('requires_action', 'expired', 'expire'),
    ('requires_action', 'voided', 'cancel'), ('processing', 'authorized', 'authorize'),
    ('processing', 'captured', 'settle'), ('processing', 'requires_payment_method', 'decline'),
    ('processing', 'failed', 'fail'), ('authorized', 'authorized', 'reauthorize'),
    ('authorized', 'partially_captured', 'capture'), ('authorized', 'captured', 'capture'),
    ('authorized', 'voided', 'void'), ('authorized', 'expired', 'expire'),
    ('partially_captured', 'partially_captured', 'capture'),
    ('partially_captured', 'captured', 'capture_or_release'),
    ('partially_captured', 'partially_refunded', 'refund'),
    ('partially_captured', 'disputed', 'dispute'), ('captured', 'partially_refunded', 'refund'),
    ('captured', 'refunded', 'refund'), ('captured', 'disputed', 'dispute'),
    ('captured', 'failed', 'late_return'), ('partially_refunded', 'partially_refunded', 'refund'),
    ('partially_refunded', 'refunded', 'refund'),
    ('partially_refunded', 'captured', 'refund_failed'),
    ('partially_refunded', 'disputed', 'dispute'), ('disputed', 'captured', 'won'),
    ('disputed', 'partially_refunded', 'won'), ('disputed', 'charged_back', 'lost');

-- Attempts -------------------------------------------------------------------------------------

CREATE TABLE payment_attempt (
    id uuid NOT NULL CONSTRAINT payment_attempt_identity PRIMARY KEY,
    payment_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    amount positive_amount NOT NULL,
    state varchar(16) NOT NULL DEFAULT 'pending' CONSTRAINT payment_attempt_state_known
        CHECK (state IN ('pending', 'succeeded', 'declined', 'failed', 'replaced')),
    decline_code slug,
    provider_ref provider_reference,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CONSTRAINT payment_attempt_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT payment_attempt_closed_at_a_time CHECK ((state = 'pending') = (closed_at IS NULL)),
    CONSTRAINT payment_attempt_explains_a_decline
        CHECK ((state = 'declined') = (decline_code IS NOT NULL)),
    CONSTRAINT payment_attempt_in_terms_of_its_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider)
);
CREATE UNIQUE INDEX payment_attempt_one_pending ON payment_attempt (payment_id)
    WHERE state = 'pending';
CREATE INDEX payment_attempt_by_payment ON payment_attempt (payment_id);
COMMENT ON TABLE payment_attempt IS
    'One request to authorise or to charge. Its id is the idempotency key at the provider.';
COMMENT ON COLUMN payment_attempt.state IS
    '`replaced`: a later attempt took its place (re-authorisation), so it no longer counts.';

CREATE FUNCTION authorize_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint := 0;
BEGIN
    IF NEW.state = 'succeeded' THEN
        change := NEW.amount;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'succeeded' THEN
        change := change - OLD.amount;
    END IF;
    IF change <> 0 THEN
        UPDATE payment SET authorized = authorized + change WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payment_attempt_moves_the_payment AFTER INSERT OR UPDATE OF state
    ON payment_attempt FOR EACH ROW EXECUTE FUNCTION authorize_payment();
CREATE CONSTRAINT TRIGGER payment_attempt_closed_is_final AFTER UPDATE OF state
    ON payment_attempt FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state <> 'pending'
          AND NOT (OLD.state = 'succeeded' AND NEW.state = 'replaced'))
    EXECUTE FUNCTION refuse('an attempt that was answered keeps its answer');
CREATE CONSTRAINT TRIGGER payment_attempt_keeps_its_terms
    AFTER UPDATE OF payment_id, amount, currency, provider ON payment_attempt
    FOR EACH ROW WHEN ((NEW.payment_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.payment_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('an attempt keeps its payment and amount');
CREATE CONSTRAINT TRIGGER payment_attempt_never_deleted AFTER DELETE ON payment_attempt
    FOR EACH ROW EXECUTE FUNCTION refuse('an attempt is closed, not deleted');

-- Captures -------------------------------------------------------------------------------------

CREATE TABLE capture (
    id uuid NOT NULL CONSTRAINT capture_identity PRIMARY KEY,
    payment_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    amount positive_amount NOT NULL,
    state varchar(32) NOT NULL DEFAULT 'pending',
    state_seq integer NOT NULL DEFAULT 0,
    head_seq integer GENERATED ALWAYS AS (nullif(state_seq, 0)) STORED,
    provider_ref provider_reference,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT capture_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT capture_starts_pending
        CHECK (state_seq > 0 OR (state_seq = 0 AND state = 'pending')),
    CONSTRAINT capture_in_terms_of_its_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider)
);
CREATE INDEX capture_by_payment ON capture (payment_id);
COMMENT ON TABLE capture IS 'Authorised money that the provider is asked to collect.';

CREATE FUNCTION capture_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pending bigint := 0;
    done bigint := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        pending := CASE WHEN OLD.state = 'pending' THEN -OLD.amount ELSE 0 END;
        done := CASE WHEN OLD.state = 'succeeded' THEN -OLD.amount ELSE 0 END;
    END IF;
    pending := pending + CASE WHEN NEW.state = 'pending' THEN NEW.amount ELSE 0 END;
    done := done + CASE WHEN NEW.state = 'succeeded' THEN NEW.amount ELSE 0 END;
    IF pending <> 0 OR done <> 0 THEN
        UPDATE payment SET capture_pending = capture_pending + pending, captured = captured + done
         WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER capture_moves_the_payment AFTER INSERT OR UPDATE OF state ON capture
    FOR EACH ROW EXECUTE FUNCTION capture_payment();
CREATE CONSTRAINT TRIGGER capture_keeps_its_terms
    AFTER UPDATE OF payment_id, amount, currency, provider ON capture
    FOR EACH ROW WHEN ((NEW.payment_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.payment_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('a capture keeps its payment and amount');
CREATE CONSTRAINT TRIGGER capture_never_deleted AFTER DELETE ON capture
    FOR EACH ROW EXECUTE FUNCTION refuse('a capture is closed, not deleted');

CREATE TABLE capture_state (
    state varchar(32) NOT NULL CONSTRAINT capture_state_identity PRIMARY KEY,
    is_final boolean NOT NULL
);
COMMENT ON TABLE capture_state IS 'States of a capture.';

CREATE TABLE capture_transition (
    from_state varchar(32) NOT NULL
        CONSTRAINT capture_transition_from_a_state REFERENCES capture_state,
    to_state varchar(32) NOT NULL
        CONSTRAINT capture_transition_to_a_state REFERENCES capture_state,
    event varchar(32) NOT NULL,
    CONSTRAINT capture_transition_identity PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE capture_transition IS 'Allowed moves of a capture and what causes them.';

CREATE TABLE capture_history (
    capture_id uuid NOT NULL
        CONSTRAINT capture_history_of_a_capture REFERENCES capture,
    seq integer NOT NULL,
    prev_seq integer GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_state varchar(32) NOT NULL,
    to_state varchar(32) NOT NULL,
    actor varchar(100) NOT NULL,
    reason varchar(200),
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT capture_history_head_unique UNIQUE (capture_id, seq, to_state),
    CONSTRAINT capture_history_starts_pending
        CHECK (seq > 1 OR (seq = 1 AND from_state = 'pending')),
    CONSTRAINT capture_history_move_allowed
        FOREIGN KEY (from_state, to_state) REFERENCES capture_transition,
    CONSTRAINT capture_history_unbroken FOREIGN KEY (capture_id, prev_seq, from_state)
        REFERENCES capture_history (capture_id, seq, to_state)
);
ALTER TABLE capture_history
    ADD CONSTRAINT capture_history_identity PRIMARY KEY (capture_id, seq);
COMMENT ON TABLE capture_history IS 'Every move of every capture. Append-only.';
CREATE CONSTRAINT TRIGGER capture_history_append_only
    AFTER UPDATE OR DELETE ON capture_history
    FOR EACH ROW EXECUTE FUNCTION refuse('history is append-only');
CREATE TRIGGER capture_history_never_truncated BEFORE TRUNCATE ON capture_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('history is append-only', 'capture_history_append_only');

ALTER TABLE capture ADD CONSTRAINT capture_state_is_head_of_history
    FOREIGN KEY (id, head_seq, state)
    REFERENCES capture_history (capture_id, seq, to_state)
    DEFERRABLE INITIALLY DEFERRED;
CREATE CONSTRAINT TRIGGER capture_state_moves_one_step
    AFTER UPDATE OF state, state_seq ON capture
    FOR EACH ROW WHEN ((NEW.state, NEW.state_seq) IS DISTINCT FROM (OLD.state, OLD.state_seq)
                       AND NEW.state_seq <> OLD.state_seq + 1)
    EXECUTE FUNCTION refuse('a move raises state_seq by one');

INSERT INTO capture_state (state, is_final) VALUES
    ('pending', false), ('succeeded', false), ('failed', true);
INSERT INTO capture_transition (from_state, to_state, event) VALUES
    ('pending', 'succeeded', 'settle'), ('pending', 'failed', 'fail'),
    ('succeeded', 'failed', 'late_return');

-- Voids ----------------------------------------------------------------------------------------

CREATE TABLE payment_void (
    id uuid NOT NULL CONSTRAINT payment_void_identity PRIMARY KEY,
    payment_id uuid NOT NULL,
    currency currency_code NOT NULL,
    provider slug NOT NULL,
    amount positive_amount NOT NULL,
    state varchar(16) NOT NULL DEFAULT 'pending' CONSTRAINT payment_void_state_known
        CHECK (state IN ('pending', 'succeeded', 'failed')),
    provider_ref provider_reference,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CONSTRAINT payment_void_provider_ref_once UNIQUE (provider, provider_ref),
    CONSTRAINT payment_void_closed_at_a_time CHECK ((state = 'pending') = (closed_at IS NULL)),
    CONSTRAINT payment_void_in_terms_of_its_payment
        FOREIGN KEY (payment_id, currency, provider)
        REFERENCES payment (id, currency, provider)
);
CREATE INDEX payment_void_by_payment ON payment_void (payment_id);
COMMENT ON TABLE payment_void IS
    'Authorised money that is given up. It counts from the moment it is asked for.';

CREATE FUNCTION void_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint := 0;
BEGIN
    IF NEW.state <> 'failed' THEN
        change := NEW.amount;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state <> 'failed' THEN
        change := change - OLD.amount;
    END IF;
    IF change <> 0 THEN
        UPDATE payment SET voided = voided + change WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payment_void_moves_the_payment AFTER INSERT OR UPDATE OF state ON payment_void
    FOR EACH ROW EXECUTE FUNCTION void_payment();
CREATE CONSTRAINT TRIGGER payment_void_closed_is_final AFTER UPDATE OF state ON payment_void
    FOR EACH ROW WHEN (NEW.state <> OLD.state AND OLD.state <> 'pending')
    EXECUTE FUNCTION refuse('a void that was answered keeps its answer');
CREATE CONSTRAINT TRIGGER payment_void_keeps_its_terms
    AFTER UPDATE OF payment_id, amount, currency, provider ON payment_void
    FOR EACH ROW WHEN ((NEW.payment_id, NEW.amount, NEW.currency, NEW.provider)
                       IS DISTINCT FROM (OLD.payment_id, OLD.amount, OLD.currency, OLD.provider))
    EXECUTE FUNCTION refuse('a void keeps its payment and amount');
CREATE CONSTRAINT TRIGGER payment_void_never_deleted AFTER DELETE ON payment_void
    FOR EACH ROW EXECUTE FUNCTION refuse('a void is closed, not deleted');
