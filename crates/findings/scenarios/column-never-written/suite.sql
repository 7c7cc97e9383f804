-- test: stores_an_order
insert into orders (id) values (1);
