-- test: an_order_is_placed
insert into orders values (1, 30);
insert into order_line values (1, 10), (1, 20);

-- test: a_discount_is_applied
-- Every statement is one that the schema allows.
insert into orders values (1, 30);
insert into order_line values (1, 10), (1, 20);
update orders set total = 27;
