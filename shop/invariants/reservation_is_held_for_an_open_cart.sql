-- Must hold: an active reservation belongs to a cart that may still become an order.
-- Why no constraint says it: the cart's state and the reservation's change in separate statements,
-- and an abandoned cart is closed before the sweeper comes.
SELECT format('reservation %s', reservation.id) AS subject,
       format('active for cart %s, which is %s', cart.id, cart.state) AS problem
  FROM reservation JOIN cart ON cart.id = reservation.cart_id
 WHERE reservation.state = 'active' AND reservation.order_line_id IS NULL
   AND cart.state NOT IN ('active', 'checkout')
