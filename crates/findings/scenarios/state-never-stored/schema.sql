create table orders (
    id int primary key,
    state text not null,
    constraint orders_state_known check (state in ('placed', 'paid', 'disputed'))
);
