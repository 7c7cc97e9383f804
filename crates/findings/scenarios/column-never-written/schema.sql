create table orders (id int primary key, cancelled_reason text);
