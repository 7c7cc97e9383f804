-- Must hold: the assigned part of a refund is the sum of its lines.
-- Why no constraint says it: the sum is kept by a trigger.
SELECT format('refund %s', refund.id) AS subject,
       format('assigned %s, lines %s', refund.assigned, line.total) AS problem
  FROM refund,
       LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM refund_line
                 WHERE refund_line.refund_id = refund.id) AS line
 WHERE refund.assigned <> line.total
