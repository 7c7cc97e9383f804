-- test: opens_a_ticket
insert into ticket values (1, '2026-01-01', null);
