-- test: an_order_is_placed
insert into orders values (1, 'placed');

-- test: an_order_is_paid
insert into orders values (1, 'paid');

-- test: a_dispute_is_forgotten
-- What is rolled back is no row that anything was tried with.
begin;
insert into orders values (1, 'disputed');
rollback;
