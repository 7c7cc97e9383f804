-- test: reads_one_by_one
select * from customer where id = 1;
select * from customer where id = 2;
select * from customer where id = 3;
select * from customer where id = 4;
select * from customer where id = 5;
select * from customer where id = 6;
select * from customer where id = 7;
select * from customer where id = 8;
select * from customer where id = 9;
select * from customer where id = 10;
select * from customer where id = 11;
select * from customer where id = 12;
