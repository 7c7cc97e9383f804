create table payment (
    id int primary key,
    captured int not null,
    refunded int not null,
    constraint refunded_within_captured check (refunded >= 0 and refunded <= captured)
);
