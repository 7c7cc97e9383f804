create table item (id int primary key);
create table dispute (
    id int primary key,
    amount int not null,
    constraint dispute_amount_positive check (amount > 0)
);
