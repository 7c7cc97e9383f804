-- Webhooks out: receivers on this machine, and endpoints that ask for a rest.

ALTER TABLE webhook_endpoint DROP CONSTRAINT webhook_endpoint_url_encrypted;
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_url_encrypted
    CHECK (url ~ '^https://[^[:space:]/]+'
           OR url ~ '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/|$)');
COMMENT ON CONSTRAINT webhook_endpoint_url_encrypted ON webhook_endpoint IS
    'Only what never leaves the machine may go without encryption.';

ALTER TABLE webhook_endpoint ADD COLUMN rests_until timestamptz;
COMMENT ON COLUMN webhook_endpoint.rests_until IS
    'It said that it is busy (429, 502, 504): nothing is sent before.';

-- Deliveries are claimed endpoint by endpoint, so that one that hangs does not hold up the others.
DROP INDEX webhook_delivery_due;
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_attempt_at)
    WHERE state = 'pending';
