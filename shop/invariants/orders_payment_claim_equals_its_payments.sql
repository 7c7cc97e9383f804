-- Must hold: what payments claim of an order is what its payments may still bring.
-- Why no constraint says it: the sum is kept by a trigger.
SELECT format('order %s', orders.id) AS subject,
       format('payment_claimed %s, payments %s', orders.payment_claimed, claim.total) AS problem
  FROM orders,
       LATERAL (SELECT coalesce(sum(amount - voided), 0) AS total FROM payment
                 WHERE payment.order_id = orders.id
                   AND payment.state NOT IN ('failed', 'voided', 'expired')) AS claim
 WHERE orders.payment_claimed <> claim.total
