-- test: a_ticket_never_closes_before_it_opens
insert into ticket values (1, '2026-01-02', '2026-01-01');
