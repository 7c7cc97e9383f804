-- test: stores_both_in_any_order
begin;
insert into book values (1, 1);
insert into author values (1);
commit;
