-- What must hold although no constraint can say it: each query returns what breaks the rule, a
-- subject and its problem, and no row where all is well. Proofmark checks them after every test.

-- invariant: cart_converted_has_one_order
-- Must hold: a converted cart has its order, and a cart with an order is converted.
-- Why no constraint says it: a foreign key cannot point both ways between an order that needs its
-- cart and a cart that only sometimes has an order. That there is at most one is a unique key.
SELECT format('cart %s', cart.id) AS subject,
       CASE WHEN orders.id IS NULL THEN 'converted, but has no order'
            ELSE format('has order %s, but is %s', orders.id, cart.state) END AS problem
  FROM cart LEFT JOIN orders ON orders.cart_id = cart.id
 WHERE (cart.state = 'converted') <> (orders.id IS NOT NULL);

-- invariant: fulfilment_shipped_left_the_stock
-- Must hold: every line of a fulfilment that was shipped from stock has its movement.
-- Why no constraint says it: the movement references the line, and nothing can demand that a row
-- is referenced.
SELECT format('fulfilment line %s', part.id) AS subject,
       format('fulfilment %s is %s, but nothing left the stock', fulfilment.id, fulfilment.state)
           AS problem
  FROM fulfilment_line AS part
  JOIN fulfilment ON fulfilment.id = part.fulfilment_id
 WHERE part.from_stock AND fulfilment.state IN ('shipped', 'delivered', 'lost')
   AND NOT EXISTS (SELECT FROM stock_movement WHERE fulfilment_line_id = part.id);

-- invariant: order_equals_its_lines
-- Must hold: the sums in the header of an order are those of its lines, and the discount of each
-- line is that of its adjustments.
-- Why no constraint says it: the header is watched by constraint triggers at commit, which can be
-- switched off; the split over the lines is not watched at all.
SELECT format('order %s', header.id) AS subject,
       format('header %s, lines %s', ARRAY[header.lines_subtotal, header.lines_discount,
                                           header.lines_tax]::bigint[], line.sums) AS problem
  FROM orders AS header,
       LATERAL (SELECT ARRAY[coalesce(sum(subtotal), 0), coalesce(sum(discount), 0),
                             coalesce(sum(tax), 0)]::bigint[] AS sums
                  FROM order_line WHERE order_line.order_id = header.id) AS line
 WHERE ARRAY[header.lines_subtotal, header.lines_discount, header.lines_tax]::bigint[]
       <> line.sums
 UNION ALL
SELECT format('order line %s', line.id),
       format('discount %s, adjustments %s', line.discount, part.total)
  FROM order_line AS line,
       LATERAL (SELECT coalesce(-sum(amount), 0) AS total FROM order_adjustment
                 WHERE order_adjustment.order_id = line.order_id
                   AND order_adjustment.order_line_id = line.id) AS part
 WHERE line.discount <> part.total;

-- invariant: order_line_equals_its_rows
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
 WHERE line.counters <> row_sums.counters;

-- invariant: orders_payment_claim_equals_its_payments
-- Must hold: what payments claim of an order is what its payments may still bring.
-- Why no constraint says it: the sum is kept by a trigger.
SELECT format('order %s', orders.id) AS subject,
       format('payment_claimed %s, payments %s', orders.payment_claimed, claim.total) AS problem
  FROM orders,
       LATERAL (SELECT coalesce(sum(amount - voided), 0) AS total FROM payment
                 WHERE payment.order_id = orders.id
                   AND payment.state NOT IN ('failed', 'voided', 'expired')) AS claim
 WHERE orders.payment_claimed <> claim.total;

-- invariant: outbox_has_no_gap
-- Must hold: the events of an aggregate are numbered without a gap.
-- Why no constraint says it: the predecessor of an event may have been published and pruned, so no
-- foreign key can demand it.
SELECT format('%s %s', aggregatetype, aggregateid) AS subject,
       format('event %s follows event %s', seq, previous) AS problem
  FROM (SELECT aggregatetype, aggregateid, seq,
               lag(seq) OVER (PARTITION BY aggregatetype, aggregateid ORDER BY seq) AS previous
          FROM outbox) AS event
 WHERE seq <> previous + 1;

-- invariant: payment_equals_its_rows
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
 WHERE payment.amounts <> row_sums.amounts;

-- invariant: payment_state_agrees_with_its_amounts
-- Must hold: a payment that says it is captured, refunded or disputed has captured money; one that
-- has not got so far has none; a refunded one has given everything back, or owes what came back.
-- Why no constraint says it: state and amounts move in separate statements of one transaction.
SELECT format('payment %s', id) AS subject,
       format('%s with captured %s, refunded %s, disputed %s', state, captured, refunded, disputed)
           AS problem
  FROM payment
 WHERE CASE WHEN state IN ('requires_payment_method', 'requires_action', 'processing',
                           'authorized', 'voided', 'expired')
                THEN captured <> 0
            WHEN state IN ('partially_captured', 'captured', 'partially_refunded', 'disputed',
                           'charged_back')
                THEN captured = 0
            WHEN state = 'refunded'
                THEN captured = 0 OR refunded + refund_pending + disputed <> captured
            ELSE false END;

-- invariant: refund_equals_its_lines
-- Must hold: the assigned part of a refund is the sum of its lines.
-- Why no constraint says it: the sum is kept by a trigger.
SELECT format('refund %s', refund.id) AS subject,
       format('assigned %s, lines %s', refund.assigned, line.total) AS problem
  FROM refund,
       LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM refund_line
                 WHERE refund_line.refund_id = refund.id) AS line
 WHERE refund.assigned <> line.total;

-- invariant: reservation_equals_its_rows
-- Must hold: a reservation has shipped what movements of its order line took from its location,
-- and withdrawn what cancellations gave back there.
-- Why no constraint says it: the sums are kept by triggers over two other tables.
SELECT format('reservation %s', reservation.id) AS subject,
       format('shipped %s and withdrawn %s, rows say %s and %s', reservation.shipped,
              reservation.withdrawn, shipment.total, cancellation.total) AS problem
  FROM reservation,
       LATERAL (SELECT coalesce(sum(movement.quantity), 0) AS total
                  FROM fulfilment_line AS part
                  JOIN stock_movement AS movement ON movement.fulfilment_line_id = part.id
                 WHERE part.order_line_id = reservation.order_line_id
                   AND part.stock_location_id = reservation.location_id) AS shipment,
       LATERAL (SELECT coalesce(sum(quantity), 0) AS total FROM order_cancellation
                 WHERE order_cancellation.order_line_id = reservation.order_line_id
                   AND order_cancellation.location_id = reservation.location_id) AS cancellation
 WHERE (reservation.shipped, reservation.withdrawn) <> (shipment.total, cancellation.total);

-- invariant: reservation_is_held_for_an_open_cart
-- Must hold: an active reservation belongs to a cart that may still become an order.
-- Why no constraint says it: the cart's state and the reservation's change in separate statements,
-- and an abandoned cart is closed before the sweeper comes.
SELECT format('reservation %s', reservation.id) AS subject,
       format('active for cart %s, which is %s', cart.id, cart.state) AS problem
  FROM reservation JOIN cart ON cart.id = reservation.cart_id
 WHERE reservation.state = 'active' AND reservation.order_line_id IS NULL
   AND cart.state NOT IN ('active', 'checkout');

-- invariant: state_is_head_of_history
-- Must hold: the state of every object is the last entry of its history.
-- Why no constraint says it: a foreign key shows that the state is an entry of the history; that no
-- later entry exists would need a key on a row that is not there.
SELECT format('%s %s', machine, id) AS subject,
       format('state_seq is %s, the history goes to %s', state_seq, last_seq) AS problem
  FROM (
    SELECT 'cart' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM cart_history WHERE cart_id = owner.id) AS last_seq
      FROM cart AS owner
     UNION ALL
    SELECT 'reservation' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM reservation_history WHERE reservation_id = owner.id) AS last_seq
      FROM reservation AS owner
     UNION ALL
    SELECT 'stock_transfer' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM stock_transfer_history WHERE stock_transfer_id = owner.id)
               AS last_seq
      FROM stock_transfer AS owner
     UNION ALL
    SELECT 'orders' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM orders_history WHERE orders_id = owner.id) AS last_seq
      FROM orders AS owner
     UNION ALL
    SELECT 'fulfilment' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM fulfilment_history WHERE fulfilment_id = owner.id) AS last_seq
      FROM fulfilment AS owner
     UNION ALL
    SELECT 'order_return' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM order_return_history WHERE order_return_id = owner.id) AS last_seq
      FROM order_return AS owner
     UNION ALL
    SELECT 'payment' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM payment_history WHERE payment_id = owner.id) AS last_seq
      FROM payment AS owner
     UNION ALL
    SELECT 'capture' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM capture_history WHERE capture_id = owner.id) AS last_seq
      FROM capture AS owner
     UNION ALL
    SELECT 'refund' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM refund_history WHERE refund_id = owner.id) AS last_seq
      FROM refund AS owner
     UNION ALL
    SELECT 'dispute' AS machine, owner.id, owner.state_seq,
           (SELECT max(seq) FROM dispute_history WHERE dispute_id = owner.id) AS last_seq
      FROM dispute AS owner
  ) AS object
 WHERE state_seq <> coalesce(last_seq, 0);

-- invariant: stock_level_equals_its_movements
-- Must hold: what a location has on hand is the sum of all movements there.
-- Why no constraint says it: a CHECK sees one row; the sum is kept by a trigger, which can be
-- switched off.
SELECT format('variant %s at location %s', level.variant_id, level.location_id) AS subject,
       format('on_hand is %s, movements sum to %s', level.on_hand, moved.total) AS problem
  FROM stock_level AS level,
       LATERAL (SELECT coalesce(sum(delta), 0) AS total FROM stock_movement AS movement
                 WHERE movement.location_id = level.location_id
                   AND movement.variant_id = level.variant_id) AS moved
 WHERE level.on_hand <> moved.total;

-- invariant: stock_level_equals_its_reservations
-- Must hold: reserved is what active reservations hold, allocated what committed ones still owe.
-- Why no constraint says it: a CHECK sees one row; the sums are kept by triggers.
SELECT format('variant %s at location %s', level.variant_id, level.location_id) AS subject,
       format('reserved %s and allocated %s, reservations say %s and %s', level.reserved,
              level.allocated, claim.reserved, claim.allocated) AS problem
  FROM stock_level AS level,
       LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE state = 'active'), 0) AS reserved,
                       coalesce(sum(quantity - shipped - withdrawn)
                                    FILTER (WHERE state = 'committed'), 0) AS allocated
                  FROM reservation
                 WHERE reservation.location_id = level.location_id
                   AND reservation.variant_id = level.variant_id
                   AND reservation.state IN ('active', 'committed')) AS claim
 WHERE (level.reserved, level.allocated) <> (claim.reserved, claim.allocated);

-- invariant: store_credit_equals_its_entries
-- Must hold: issued, held and spent of a gift card or credit are the sums of its entries.
-- Why no constraint says it: the sums are kept by a trigger.
SELECT format('store credit %s', credit.id) AS subject,
       format('issued, held, spent are %s, entries say %s',
              ARRAY[credit.issued, credit.held, credit.spent]::bigint[], entry.sums) AS problem
  FROM store_credit AS credit,
       LATERAL (SELECT ARRAY[
           coalesce(sum(amount) FILTER (WHERE kind = 'issue'), 0),
           coalesce(sum(CASE kind WHEN 'hold' THEN amount WHEN 'release' THEN -amount
                                  WHEN 'spend' THEN -amount ELSE 0 END), 0),
           coalesce(sum(CASE kind WHEN 'spend' THEN amount WHEN 'give_back' THEN -amount
                                  ELSE 0 END), 0)]::bigint[] AS sums
                  FROM store_credit_entry
                 WHERE store_credit_entry.store_credit_id = credit.id) AS entry
 WHERE ARRAY[credit.issued, credit.held, credit.spent]::bigint[] <> entry.sums;

-- invariant: voucher_equals_its_redemptions
-- Must hold: a voucher was used as often as it was redeemed and not given back, in total and per
-- customer.
-- Why no constraint says it: the counters are kept by triggers.
SELECT format('voucher %s', voucher.id) AS subject,
       format('used %s, redemptions %s', voucher.used, redeemed.total) AS problem
  FROM voucher,
       LATERAL (SELECT count(*) AS total FROM voucher_redemption AS redemption
                 WHERE redemption.voucher_id = voucher.id AND redemption.state = 'redeemed')
           AS redeemed
 WHERE voucher.used <> redeemed.total
 UNION ALL
SELECT format('voucher %s of customer %s', counter.voucher_id, counter.customer_id),
       format('used %s, redemptions %s', counter.used, redeemed.total)
  FROM voucher_customer AS counter,
       LATERAL (SELECT count(*) AS total FROM voucher_redemption AS redemption
                 WHERE redemption.voucher_id = counter.voucher_id
                   AND redemption.customer_id = counter.customer_id
                   AND redemption.limited_per_customer AND redemption.state = 'redeemed')
           AS redeemed
 WHERE counter.used <> redeemed.total;
