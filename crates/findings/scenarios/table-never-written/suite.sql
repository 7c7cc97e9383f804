-- test: stores_an_item
insert into item values (1);
