-- Access: API keys and their scopes, idempotency of requests, rate limits.

CREATE TABLE api_scope (
    code slug NOT NULL CONSTRAINT api_scope_identity PRIMARY KEY,
    description label NOT NULL
);
COMMENT ON TABLE api_scope IS 'What a key can be allowed to do.';

INSERT INTO api_scope (code, description) VALUES
    ('catalog.read', 'Read products, variants and prices'),
    ('catalog.write', 'Change products, variants and prices'),
    ('customers.read', 'Read customers and their addresses'),
    ('customers.write', 'Change customers and their addresses'),
    ('stock.read', 'Read stock levels, movements and reservations'),
    ('stock.write', 'Move stock, hold and release it'),
    ('carts.read', 'Read carts'),
    ('carts.write', 'Create and change carts'),
    ('vouchers.read', 'Read promotions and vouchers'),
    ('vouchers.write', 'Create and change promotions and vouchers'),
    ('orders.read', 'Read orders'),
    ('orders.write', 'Place, fulfil, cancel and return orders'),
    ('payments.read', 'Read payments, refunds and disputes'),
    ('payments.write', 'Authorise, capture, void and refund payments'),
    ('webhooks.read', 'Read webhook endpoints and deliveries'),
    ('webhooks.write', 'Change webhook endpoints'),
    ('events.read', 'Read events'),
    ('keys.write', 'Create and revoke API keys');

CREATE TABLE api_key (
    id uuid NOT NULL CONSTRAINT api_key_identity PRIMARY KEY,
    name label NOT NULL,
    prefix text COLLATE "C" NOT NULL
        CONSTRAINT api_key_prefix_well_formed CHECK (prefix ~ '^[a-z0-9_]{6,32}$')
        CONSTRAINT api_key_prefix_once UNIQUE,
    secret_hash sha256_digest NOT NULL CONSTRAINT api_key_secret_once UNIQUE,
    replaces_id uuid CONSTRAINT api_key_replaced_once UNIQUE
        CONSTRAINT api_key_replaces_another REFERENCES api_key,
    rate_limit_per_minute integer
        CONSTRAINT api_key_rate_limit_positive CHECK (rate_limit_per_minute > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
        CONSTRAINT api_key_expires_after_creation CHECK (expires_at > created_at),
    revoked_at timestamptz
        CONSTRAINT api_key_revoked_after_creation CHECK (revoked_at >= created_at),
    last_used_at timestamptz,
    CONSTRAINT api_key_never_replaces_itself CHECK (replaces_id <> id)
);
COMMENT ON TABLE api_key IS
    'A secret that is shown once. The prefix finds the row, the digest proves the secret.';
COMMENT ON COLUMN api_key.replaces_id IS
    'The key that this one was made to follow; both work until the old one expires.';
COMMENT ON COLUMN api_key.last_used_at IS 'Written at most once a minute.';

CREATE TABLE api_key_scope (
    api_key_id uuid NOT NULL
        CONSTRAINT api_key_scope_belongs_to_one REFERENCES api_key ON DELETE CASCADE,
    scope slug NOT NULL CONSTRAINT api_key_scope_grants_a_scope REFERENCES api_scope,
    CONSTRAINT api_key_scope_identity PRIMARY KEY (api_key_id, scope)
);
COMMENT ON TABLE api_key_scope IS 'What a key may do.';

-- Idempotency ----------------------------------------------------------------------------------

CREATE TABLE idempotency_key (
    scope varchar(100) NOT NULL CONSTRAINT idempotency_key_scope_named CHECK (scope <> ''),
    key text COLLATE "C" NOT NULL CONSTRAINT idempotency_key_length_in_range
        CHECK (char_length(key) BETWEEN 1 AND 255),
    request_hash sha256_digest NOT NULL,
    state varchar(16) NOT NULL DEFAULT 'in_progress' CONSTRAINT idempotency_key_state_known
        CHECK (state IN ('in_progress', 'completed')),
    response_status smallint CONSTRAINT idempotency_key_status_of_http
        CHECK (response_status BETWEEN 200 AND 599),
    response_headers jsonb,
    response_body text,
    locked_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
        CONSTRAINT idempotency_key_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT idempotency_key_once PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_key_completed_with_an_answer
        CHECK ((state = 'completed') = (response_status IS NOT NULL))
);
CREATE INDEX idempotency_key_due ON idempotency_key (expires_at);
COMMENT ON TABLE idempotency_key IS
    'A request that may be repeated. Claimed before the work and in its transaction; completed '
    'with the answer, which is replayed byte for byte.';
COMMENT ON COLUMN idempotency_key.scope IS
    'Who asked for what: the key or customer, and the route.';
COMMENT ON COLUMN idempotency_key.request_hash IS
    'Digest of the request: the same key with another payload is a mistake of the caller.';
COMMENT ON COLUMN idempotency_key.locked_until IS
    'For work that spans transactions: until then a twin is told to wait, later it may take over.';
CREATE CONSTRAINT TRIGGER idempotency_key_answer_is_final
    AFTER UPDATE ON idempotency_key FOR EACH ROW
    WHEN (OLD.state = 'completed'
          AND (NEW.state, NEW.request_hash, NEW.response_status, NEW.response_body)
              IS DISTINCT FROM
              (OLD.state, OLD.request_hash, OLD.response_status, OLD.response_body))
    EXECUTE FUNCTION refuse('an answer that was given is not changed');

-- Rate limits ----------------------------------------------------------------------------------

CREATE UNLOGGED TABLE rate_limit_window (
    subject varchar(100) NOT NULL,
    starts_at timestamptz NOT NULL,
    allowed integer NOT NULL CONSTRAINT rate_limit_window_allows_something CHECK (allowed > 0),
    used integer NOT NULL DEFAULT 0
        CONSTRAINT rate_limit_window_used_not_negative CHECK (used >= 0),
    CONSTRAINT rate_limit_window_identity PRIMARY KEY (subject, starts_at),
    CONSTRAINT rate_limit_window_never_exceeded CHECK (used <= allowed)
) WITH (fillfactor = 50);
CREATE INDEX rate_limit_window_by_start ON rate_limit_window (starts_at);
COMMENT ON TABLE rate_limit_window IS
    'Requests of one caller in one window, shared by all instances of the service. Unlogged: a '
    'crash forgives.';
