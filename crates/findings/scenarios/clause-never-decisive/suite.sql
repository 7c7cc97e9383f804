-- test: refunds_some
insert into payment values (1, 100, 60);
-- test: refunds_less_than_nothing
insert into payment values (1, 100, -1);
