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
 WHERE (level.reserved, level.allocated) <> (claim.reserved, claim.allocated)
