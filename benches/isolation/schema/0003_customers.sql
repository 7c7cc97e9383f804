create table customer (
    id bigserial primary key,
    email text not null,
    name text not null,
    updated_at timestamptz not null default now()
);
create unique index customer_email on customer (lower(email));
create trigger customer_touched before update on customer for each row execute function touch();

create table address (
    id bigserial primary key,
    customer_id bigint not null references customer (id),
    country text not null references country (code),
    line text not null
);
create index address_customer on address (customer_id);

create table session (
    token text primary key,
    customer_id bigint not null references customer (id),
    expires_at timestamptz not null
);
create index session_expiry on session (expires_at);

create table consent (
    customer_id bigint not null references customer (id),
    purpose text not null,
    given_at timestamptz not null default now(),
    primary key (customer_id, purpose)
);

create table voucher (
    code text primary key,
    minor bigint not null check (minor > 0),
    uses_left integer not null check (uses_left >= 0)
);

create table wishlist (
    customer_id bigint not null references customer (id),
    product_id bigint not null references product (id),
    primary key (customer_id, product_id)
);
create index wishlist_product on wishlist (product_id);
