-- Events: the outbox, webhooks out and in, idempotency.

CREATE TABLE event_type (
    type text COLLATE "C" NOT NULL
        CONSTRAINT event_type_well_formed CHECK (type ~ '^[a-z_]+(\.[a-z_]+)+$'),
    version smallint NOT NULL CONSTRAINT event_type_version_positive CHECK (version >= 1),
    schema jsonb NOT NULL
        CONSTRAINT event_type_schema_is_an_object CHECK (jsonb_typeof(schema) = 'object'),
    CONSTRAINT event_type_identity PRIMARY KEY (type, version)
);
COMMENT ON TABLE event_type IS
    'The catalogue of events with the JSON Schema of each version. What is not listed here '
    'cannot be stored.';

CREATE TABLE outbox (
    id uuid NOT NULL CONSTRAINT outbox_identity PRIMARY KEY,
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    aggregatetype varchar(32) NOT NULL CONSTRAINT outbox_aggregatetype_well_formed
        CHECK (aggregatetype ~ '^[a-z_]+$'),
    aggregateid uuid NOT NULL,
    seq integer NOT NULL CONSTRAINT outbox_seq_positive CHECK (seq >= 1),
    type text COLLATE "C" NOT NULL,
    version smallint NOT NULL DEFAULT 1,
    payload jsonb NOT NULL
        CONSTRAINT outbox_payload_is_an_object CHECK (jsonb_typeof(payload) = 'object'),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
        CONSTRAINT outbox_published_after_it_occurred CHECK (published_at >= occurred_at),
    CONSTRAINT outbox_seq_once UNIQUE (aggregatetype, aggregateid, seq),
    CONSTRAINT outbox_of_a_catalogued_type
        FOREIGN KEY (type, version) REFERENCES event_type (type, version)
) WITH (fillfactor = 80);
CREATE INDEX outbox_unpublished ON outbox (xid, position) WHERE published_at IS NULL;
COMMENT ON TABLE outbox IS
    'Every event, written in the transaction of the change it tells. Column names as the '
    'Debezium outbox router expects them.';
COMMENT ON COLUMN outbox.seq IS
    'Number of the event within its aggregate: 1, 2, 3, from event_seq of the aggregate''s row.';
COMMENT ON COLUMN outbox.xid IS
    'Transaction that wrote the event. A reader that remembers a position, and does not mark, '
    'takes only rows below pg_snapshot_xmin(pg_current_snapshot()), ordered by (xid, position), '
    'and so never passes one that commits late.';

CREATE TABLE inbox (
    consumer slug NOT NULL,
    event_id uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_once PRIMARY KEY (consumer, event_id)
);
COMMENT ON TABLE inbox IS
    'What a consumer has handled, written with the effect: an event delivered twice has one '
    'effect.';

-- Webhooks out ---------------------------------------------------------------------------------

CREATE TABLE webhook_endpoint (
    id uuid NOT NULL CONSTRAINT webhook_endpoint_identity PRIMARY KEY,
    url text NOT NULL
        CONSTRAINT webhook_endpoint_url_bounded CHECK (char_length(url) <= 2000)
        CONSTRAINT webhook_endpoint_url_encrypted CHECK (url ~ '^https://[^[:space:]/]+'),
    description label,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    disabled_reason label,
    deleted_at timestamptz
        CONSTRAINT webhook_endpoint_deleted_after_creation CHECK (deleted_at >= created_at),
    CONSTRAINT webhook_endpoint_explains_why_disabled
        CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE UNIQUE INDEX webhook_endpoint_url_once ON webhook_endpoint (url) WHERE deleted_at IS NULL;
COMMENT ON TABLE webhook_endpoint IS 'Where events are sent to.';

CREATE TABLE webhook_secret (
    id uuid NOT NULL CONSTRAINT webhook_secret_identity PRIMARY KEY,
    endpoint_id uuid NOT NULL
        CONSTRAINT webhook_secret_of_an_endpoint REFERENCES webhook_endpoint ON DELETE CASCADE,
    secret bytea NOT NULL CONSTRAINT webhook_secret_long_enough
        CHECK (octet_length(secret) BETWEEN 24 AND 64),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
        CONSTRAINT webhook_secret_expires_after_creation CHECK (expires_at > created_at)
);
CREATE UNIQUE INDEX webhook_secret_one_current ON webhook_secret (endpoint_id)
    WHERE expires_at IS NULL;
CREATE INDEX webhook_secret_by_endpoint ON webhook_secret (endpoint_id);
COMMENT ON TABLE webhook_secret IS
    'Signing keys by Standard Webhooks: one without an end, and older ones that still sign '
    'until theirs. Needed in the clear to sign, so keep the database encrypted at rest.';

CREATE TABLE webhook_subscription (
    endpoint_id uuid NOT NULL CONSTRAINT webhook_subscription_of_an_endpoint
        REFERENCES webhook_endpoint ON DELETE CASCADE,
    type text COLLATE "C" NOT NULL,
    version smallint NOT NULL,
    CONSTRAINT webhook_subscription_identity PRIMARY KEY (endpoint_id, type),
    CONSTRAINT webhook_subscription_to_a_catalogued_type
        FOREIGN KEY (type, version) REFERENCES event_type (type, version)
);
COMMENT ON TABLE webhook_subscription IS
    'Which events an endpoint wants, each in one version.';

CREATE TABLE webhook_delivery (
    id uuid NOT NULL CONSTRAINT webhook_delivery_identity PRIMARY KEY,
    endpoint_id uuid NOT NULL
        CONSTRAINT webhook_delivery_to_an_endpoint REFERENCES webhook_endpoint,
    event_id uuid NOT NULL CONSTRAINT webhook_delivery_of_an_event REFERENCES outbox,
    state varchar(16) NOT NULL DEFAULT 'pending' CONSTRAINT webhook_delivery_state_known
        CHECK (state IN ('pending', 'delivered', 'exhausted', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0
        CONSTRAINT webhook_delivery_attempts_in_range CHECK (attempts BETWEEN 0 AND 20),
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CONSTRAINT webhook_delivery_once UNIQUE (endpoint_id, event_id),
    CONSTRAINT webhook_delivery_waits_while_pending
        CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_delivery_closed_at_a_time
        CHECK ((state = 'pending') = (closed_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (event_id);
COMMENT ON TABLE webhook_delivery IS
    'One event for one endpoint, until it is accepted or given up. Its id is the webhook-id.';
CREATE CONSTRAINT TRIGGER webhook_delivery_closed_is_final AFTER UPDATE OF state
    ON webhook_delivery FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state IN ('delivered', 'cancelled'))
    EXECUTE FUNCTION refuse('a delivery that was accepted or cancelled stays so');
COMMENT ON COLUMN webhook_delivery.state IS
    '`exhausted` may become pending again when a person asks for another try.';

CREATE TABLE webhook_attempt (
    delivery_id uuid NOT NULL
        CONSTRAINT webhook_attempt_of_a_delivery REFERENCES webhook_delivery ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT webhook_attempt_number_positive CHECK (number >= 1),
    at timestamptz NOT NULL DEFAULT now(),
    duration_ms integer NOT NULL
        CONSTRAINT webhook_attempt_duration_not_negative CHECK (duration_ms >= 0),
    response_status smallint
        CONSTRAINT webhook_attempt_status_of_http CHECK (response_status BETWEEN 100 AND 599),
    error label,
    CONSTRAINT webhook_attempt_identity PRIMARY KEY (delivery_id, number),
    CONSTRAINT webhook_attempt_has_an_outcome
        CHECK (response_status IS NOT NULL OR error IS NOT NULL)
);
COMMENT ON TABLE webhook_attempt IS 'Each time a delivery was tried, and what came back.';

-- Webhooks in ----------------------------------------------------------------------------------

CREATE TABLE webhook_received (
    provider slug NOT NULL CONSTRAINT webhook_received_from_a_provider REFERENCES provider,
    event_id provider_reference NOT NULL,
    type text NOT NULL
        CONSTRAINT webhook_received_type_bounded CHECK (char_length(type) BETWEEN 1 AND 100),
    payload jsonb NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    state varchar(16) NOT NULL DEFAULT 'received' CONSTRAINT webhook_received_state_known
        CHECK (state IN ('received', 'applied', 'ignored', 'failed')),
    payment_id uuid CONSTRAINT webhook_received_about_a_payment REFERENCES payment,
    attempts integer NOT NULL DEFAULT 0
        CONSTRAINT webhook_received_attempts_not_negative CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    applied_at timestamptz,
    CONSTRAINT webhook_received_once PRIMARY KEY (provider, event_id),
    CONSTRAINT webhook_received_applied_at_a_time
        CHECK ((state = 'applied') = (applied_at IS NOT NULL)),
    CONSTRAINT webhook_received_waits_while_open
        CHECK ((state = 'received') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX webhook_received_due ON webhook_received (next_attempt_at)
    WHERE state = 'received';
CREATE INDEX webhook_received_by_payment ON webhook_received (payment_id)
    WHERE payment_id IS NOT NULL;
COMMENT ON TABLE webhook_received IS
    'What a provider told us, once per its id, however often it was sent. Stored before it is '
    'applied; one that comes before our own commit waits and is tried again.';
COMMENT ON COLUMN webhook_received.occurred_at IS
    'The provider''s own time: later news never give way to earlier news that arrive late.';
CREATE CONSTRAINT TRIGGER webhook_received_applied_is_final AFTER UPDATE OF state
    ON webhook_received FOR EACH ROW WHEN (OLD.state = 'applied' AND NEW.state <> 'applied')
    EXECUTE FUNCTION refuse('a webhook that was applied stays applied');
