create table inventory (
    sku int primary key,
    on_hand int not null,
    reserved int not null,
    constraint reserved_within_on_hand check (reserved <= on_hand)
);
