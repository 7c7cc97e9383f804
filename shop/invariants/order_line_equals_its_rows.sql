-- Must hold: the counters of an order line are the sums of its fulfilments, cancellations, returns
-- and refunds that still count.
-- Why no constraint says it: the sums are kept by triggers over eight tables.
SELECT format('order line %s', line.id) AS subject,
       format('fulfilled, cancelled, returned, refunded are %s, rows say %s',
              line.counters, row_sums.counters) AS problem
  FROM (SELECT id, ARRAY[fulfilled, cancelled, returned, refunded]::bigint[] AS counters
          FROM order_line) AS line,
       LATERAL (SELECT ARRAY[
           (SELECT coalesce(sum(part.quantity), 0) FROM fulfilment_line AS part
              JOIN fulfilment ON fulfilment.id = part.fulfilment_id
             WHERE part.order_line_id = line.id AND fulfilment.state <> 'cancelled'),
           (SELECT coalesce(sum(quantity), 0) FROM order_cancellation
             WHERE order_line_id = line.id),
           (SELECT coalesce(sum(part.quantity), 0) FROM order_return_line AS part
              JOIN order_return ON order_return.id = part.return_id
             WHERE part.order_line_id = line.id
               AND order_return.state NOT IN ('rejected', 'cancelled')),
           (SELECT coalesce(sum(part.amount), 0) FROM refund_line AS part
              JOIN refund ON refund.id = part.refund_id
             WHERE part.order_line_id = line.id AND refund.state NOT IN ('failed', 'canceled'))
       ]::bigint[] AS counters) AS row_sums
 WHERE line.counters <> row_sums.counters
