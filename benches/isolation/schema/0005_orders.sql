create table cart (
    id bigserial primary key,
    customer_id bigint not null references customer (id),
    created_at timestamptz not null default now()
);
create index cart_customer on cart (customer_id);

create table cart_line (
    id bigserial primary key,
    cart_id bigint not null references cart (id),
    product_id bigint not null references product (id),
    quantity integer not null check (quantity > 0),
    unique (cart_id, product_id)
);
create index cart_line_product on cart_line (product_id);

create table purchase (
    id bigserial primary key,
    customer_id bigint not null references customer (id),
    address_id bigint not null references address (id),
    voucher text references voucher (code),
    state order_state not null default 'open',
    total_minor bigint not null check (total_minor >= 0),
    updated_at timestamptz not null default now()
);
create index purchase_customer on purchase (customer_id);
create index purchase_address on purchase (address_id);
create index purchase_open on purchase (id) where state = 'open';
create trigger purchase_touched before update on purchase for each row execute function touch();

create table purchase_line (
    id bigserial primary key,
    purchase_id bigint not null references purchase (id),
    product_id bigint not null references product (id),
    quantity integer not null check (quantity > 0),
    minor bigint not null check (minor > 0),
    unique (purchase_id, product_id)
);
create index purchase_line_product on purchase_line (product_id);

create table payment (
    id bigserial primary key,
    purchase_id bigint not null references purchase (id),
    state payment_state not null,
    minor bigint not null check (minor > 0),
    updated_at timestamptz not null default now()
);
create index payment_purchase on payment (purchase_id);
create trigger payment_touched before update on payment for each row execute function touch();

create table refund (
    id bigserial primary key,
    payment_id bigint not null references payment (id),
    minor bigint not null check (minor > 0)
);
create index refund_payment on refund (payment_id);

create table shipment (
    id bigserial primary key,
    purchase_id bigint not null references purchase (id),
    warehouse_id bigint not null references warehouse (id),
    tracking text unique
);
create index shipment_purchase on shipment (purchase_id);

create table shipment_line (
    shipment_id bigint not null references shipment (id),
    purchase_line_id bigint not null references purchase_line (id),
    quantity integer not null check (quantity > 0),
    primary key (shipment_id, purchase_line_id)
);
create index shipment_line_line on shipment_line (purchase_line_id);

create table event (
    id bigserial primary key,
    topic text not null,
    body jsonb not null,
    at timestamptz not null default now()
);
create index event_topic on event (topic);

create table webhook (
    id bigserial primary key,
    event_id bigint not null references event (id),
    url text not null,
    attempts integer not null default 0 check (attempts >= 0)
);
create index webhook_event on webhook (event_id);

create view open_purchase as
select purchase.id, customer.email, purchase.total_minor
from purchase join customer on customer.id = purchase.customer_id
where purchase.state = 'open';

create view stock_by_product as
select product.sku, sum(stock.on_hand) as on_hand
from stock join product on product.id = stock.product_id
group by product.sku;
