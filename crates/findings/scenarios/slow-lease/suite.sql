-- test: asks_for_a_database
select 1;
