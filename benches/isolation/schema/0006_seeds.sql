-- 1,396 rows in ten tables.

insert into country select 'C' || n, 'Country ' || n from generate_series(1, 240) n;
insert into currency select 'M' || n, n % 4 from generate_series(1, 150) n;
insert into tax_rate (country, percent) select 'C' || n, n % 25 from generate_series(1, 60) n;
insert into brand (name) select 'Brand ' || n from generate_series(1, 20) n;
insert into category (name) select 'Category ' || n from generate_series(1, 20) n;
insert into product (brand_id, category_id, sku, title)
select 1 + n % 20, 1 + n % 20, 'SKU-' || n, 'Product ' || n from generate_series(1, 300) n;
insert into price (product_id, currency, minor) select n, 'M1', 100 + n from generate_series(1, 300) n;
insert into warehouse (name) values ('north'), ('south'), ('east');
insert into stock (product_id, warehouse_id, on_hand)
select n, 1, 50 from generate_series(1, 300) n;
insert into voucher (code, minor, uses_left) values ('SPRING', 500, 3), ('SUMMER', 700, 1), ('AUTUMN', 900, 9);
