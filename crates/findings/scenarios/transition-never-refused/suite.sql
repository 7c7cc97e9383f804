-- test: an_order_is_cancelled
insert into orders values (1);
update orders set state = 'cancelled';
insert into order_history values (1, 'placed', 'cancelled');

-- test: a_paid_order_is_not_placed_again
insert into orders values (1, 'paid');
insert into order_history values (1, 'paid', 'placed');
