-- Must hold: a converted cart has its order, and a cart with an order is converted.
-- Why no constraint says it: a foreign key cannot point both ways between an order that needs its
-- cart and a cart that only sometimes has an order. That there is at most one is a unique key.
SELECT format('cart %s', cart.id) AS subject,
       CASE WHEN orders.id IS NULL THEN 'converted, but has no order'
            ELSE format('has order %s, but is %s', orders.id, cart.state) END AS problem
  FROM cart LEFT JOIN orders ON orders.cart_id = cart.id
 WHERE (cart.state = 'converted') <> (orders.id IS NOT NULL)
