-- test: forgets_to_commit
begin;
insert into item values (1);
