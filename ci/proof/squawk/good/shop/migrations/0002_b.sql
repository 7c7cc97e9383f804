set local lock_timeout = '1s';
set local statement_timeout = '5s';
alter table item add column if not exists colour text;
