-- test: finds_by_mail
insert into orders values (1, 'a@example.org');
select id from orders where lower(email) = 'a@example.org';
