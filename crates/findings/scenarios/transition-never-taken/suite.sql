-- test: an_order_is_paid
insert into orders values (1);
update orders set state = 'paid';
insert into order_history values (1, 'placed', 'paid');

-- test: a_paid_order_is_cancelled
insert into orders values (1, 'paid');
update orders set state = 'cancelled';
insert into order_history values (1, 'paid', 'cancelled');
