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
 WHERE state_seq <> coalesce(last_seq, 0)
