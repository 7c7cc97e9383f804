-- Must hold: every line of a fulfilment that was shipped from stock has its movement.
-- Why no constraint says it: the movement references the line, and nothing can demand that a row
-- is referenced.
SELECT format('fulfilment line %s', part.id) AS subject,
       format('fulfilment %s is %s, but nothing left the stock', fulfilment.id, fulfilment.state)
           AS problem
  FROM fulfilment_line AS part
  JOIN fulfilment ON fulfilment.id = part.fulfilment_id
 WHERE part.from_stock AND fulfilment.state IN ('shipped', 'delivered', 'lost')
   AND NOT EXISTS (SELECT FROM stock_movement WHERE fulfilment_line_id = part.id)
