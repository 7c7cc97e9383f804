-- test: logs_what_it_did
insert into item values (1);
insert into audit_log values (1);
