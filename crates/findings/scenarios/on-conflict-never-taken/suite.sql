-- test: stores_a_key
insert into seen values (1) on conflict do nothing;
