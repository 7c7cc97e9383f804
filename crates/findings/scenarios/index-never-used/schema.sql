create table item (id int primary key, name text not null);
create index item_by_name on item (name);
