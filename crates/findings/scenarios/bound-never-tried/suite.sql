-- test: refunds_some
insert into payment values (1, 100, 60);
-- test: refunds_too_much
insert into payment values (1, 100, 101);
