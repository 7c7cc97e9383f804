-- Must hold: what a location has on hand is the sum of all movements there.
-- Why no constraint says it: a CHECK sees one row; the sum is kept by a trigger, which can be
-- switched off.
SELECT format('variant %s at location %s', level.variant_id, level.location_id) AS subject,
       format('on_hand is %s, movements sum to %s', level.on_hand, moved.total) AS problem
  FROM stock_level AS level,
       LATERAL (SELECT coalesce(sum(delta), 0) AS total FROM stock_movement AS movement
                 WHERE movement.location_id = level.location_id
                   AND movement.variant_id = level.variant_id) AS moved
 WHERE level.on_hand <> moved.total
