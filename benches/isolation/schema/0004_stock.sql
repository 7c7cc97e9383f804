create table warehouse (
    id bigserial primary key,
    name text not null unique
);

create table stock (
    product_id bigint not null references product (id),
    warehouse_id bigint not null references warehouse (id),
    on_hand integer not null check (on_hand >= 0),
    updated_at timestamptz not null default now(),
    primary key (product_id, warehouse_id)
);
create index stock_warehouse on stock (warehouse_id);
create trigger stock_touched before update on stock for each row execute function touch();

create table movement (
    id bigserial primary key,
    product_id bigint not null,
    warehouse_id bigint not null,
    kind movement_kind not null,
    quantity integer not null check (quantity > 0),
    foreign key (product_id, warehouse_id) references stock (product_id, warehouse_id)
);
create index movement_stock on movement (product_id, warehouse_id);

create table supplier (
    id bigserial primary key,
    country text not null references country (code),
    name text not null unique
);
