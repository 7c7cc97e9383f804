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
 WHERE line.discount <> part.total
