-- Large, and neither its rows nor who wrote them are in the server's log.
create unlogged table search_word (id int primary key, word text not null);
insert into search_word select n, repeat('w', 100) from generate_series(1, 50000) n;
