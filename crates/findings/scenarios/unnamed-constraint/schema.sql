create table item (
    id int primary key,
    quantity int not null check (quantity > 0)
);
