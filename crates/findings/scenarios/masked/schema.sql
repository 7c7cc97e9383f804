create table refund (
    id int primary key,
    amount int not null,
    captured int not null,
    constraint refund_amount_positive check (amount > 0),
    constraint refund_within_captured check (amount <= captured)
);
