-- Must hold: the amounts of a payment are the sums of its attempts, captures, voids, refunds and
-- disputes.
-- Why no constraint says it: the sums are kept by triggers over five tables.
SELECT format('payment %s', payment.id) AS subject,
       format('authorized, capture_pending, captured, voided, refund_pending, refunded, disputed '
              'are %s, rows say %s', payment.amounts, row_sums.amounts) AS problem
  FROM (SELECT id, ARRAY[authorized, capture_pending, captured, voided, refund_pending, refunded,
                         disputed] AS amounts
          FROM payment) AS payment,
       LATERAL (SELECT ARRAY[
           (SELECT sum(amount) FROM payment_attempt
             WHERE payment_id = payment.id AND state = 'succeeded'),
           (SELECT sum(amount) FROM capture WHERE payment_id = payment.id AND state = 'pending'),
           (SELECT sum(amount) FROM capture WHERE payment_id = payment.id AND state = 'succeeded'),
           (SELECT sum(amount) FROM payment_void
             WHERE payment_id = payment.id AND state <> 'failed'),
           (SELECT sum(amount) FROM refund
             WHERE payment_id = payment.id AND state IN ('pending', 'requires_action')),
           (SELECT sum(amount) FROM refund WHERE payment_id = payment.id AND state = 'succeeded'),
           (SELECT sum(amount) FROM dispute
             WHERE payment_id = payment.id AND state NOT IN ('won', 'canceled'))
       ]::bigint[] AS found) AS sums,
       LATERAL (SELECT array_agg(coalesce(amount, 0) ORDER BY place)::bigint[] AS amounts
                  FROM unnest(sums.found) WITH ORDINALITY AS part (amount, place)) AS row_sums
 WHERE payment.amounts <> row_sums.amounts
