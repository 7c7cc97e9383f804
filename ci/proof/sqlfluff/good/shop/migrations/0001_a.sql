create table item (id bigint);
