-- test: reserves_one
insert into inventory values (1, 10, 1);
