create table customer (id int primary key);
create table orders (
    id int primary key,
    customer_id int not null,
    constraint orders_customer foreign key (customer_id) references customer on delete cascade
);
