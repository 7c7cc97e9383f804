create table orders (id int primary key, email text not null);
