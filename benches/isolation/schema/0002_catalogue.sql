create table country (
    code text primary key,
    name text not null
);

create table currency (
    code text primary key,
    minor_units integer not null check (minor_units between 0 and 4)
);

create table tax_rate (
    id bigserial primary key,
    country text not null references country (code),
    percent numeric(5, 2) not null check (percent >= 0),
    unique (country, percent)
);

create table brand (
    id bigserial primary key,
    name text not null unique
);

create table category (
    id bigserial primary key,
    parent_id bigint references category (id),
    name text not null,
    unique (parent_id, name)
);

create table product (
    id bigserial primary key,
    brand_id bigint not null references brand (id),
    category_id bigint not null references category (id),
    sku text not null unique,
    title text not null check (title <> ''),
    updated_at timestamptz not null default now()
);
create index product_brand on product (brand_id);
create index product_category on product (category_id);
create trigger product_touched before update on product for each row execute function touch();

create table product_image (
    id bigserial primary key,
    product_id bigint not null references product (id),
    place integer not null,
    url text not null,
    unique (product_id, place)
);

create table price (
    id bigserial primary key,
    product_id bigint not null references product (id),
    currency text not null references currency (code),
    minor bigint not null check (minor > 0),
    unique (product_id, currency)
);

create table tag (
    id bigserial primary key,
    name text not null
);

create table product_tag (
    product_id bigint not null references product (id),
    tag_id bigint not null references tag (id),
    primary key (product_id, tag_id)
);
create index product_tag_tag on product_tag (tag_id);
