create table trail (entry text);
insert into trail values ('opened');
