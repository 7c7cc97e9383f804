-- invariant: order_total_is_that_of_its_lines
-- Must hold: the total of an order is the sum of its lines.
select orders.id, total, sum(price) as lines
  from orders join order_line on order_id = orders.id
 group by orders.id
having total <> sum(price);
