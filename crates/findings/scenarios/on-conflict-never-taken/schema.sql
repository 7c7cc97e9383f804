create table seen (key int primary key);
