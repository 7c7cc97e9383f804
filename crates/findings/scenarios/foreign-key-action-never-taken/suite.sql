-- test: stores_an_order
insert into customer values (1);
insert into orders values (1, 1);
