create table order_state (name text primary key);
insert into order_state values ('placed'), ('paid'), ('cancelled');

create table order_move (
    from_state text references order_state,
    to_state text references order_state,
    primary key (from_state, to_state)
);
insert into order_move values ('placed', 'paid'), ('placed', 'cancelled'), ('paid', 'cancelled');

create table orders (
    id int primary key,
    state text not null default 'placed' references order_state
);

create table order_history (
    order_id int not null references orders,
    from_state text not null,
    to_state text not null,
    constraint order_history_move_allowed
        foreign key (from_state, to_state) references order_move
);
