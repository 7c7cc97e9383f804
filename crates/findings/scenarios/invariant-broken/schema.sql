create table orders (id int primary key, total int not null);
create table order_line (
    order_id int not null references orders,
    price int not null
);
