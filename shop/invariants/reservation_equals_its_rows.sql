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
 WHERE (reservation.shipped, reservation.withdrawn) <> (shipment.total, cancellation.total)
