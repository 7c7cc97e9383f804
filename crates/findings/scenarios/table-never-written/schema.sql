create table item (id int primary key);
create table dispute (id int primary key);
