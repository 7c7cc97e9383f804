insert into show (id, title)
values (4, 'Platonov');
insert into show (id, titel) values (5, 'Ivanov');
