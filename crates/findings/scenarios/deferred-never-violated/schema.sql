create table author (id int primary key);
create table book (
    id int primary key,
    author_id int not null,
    constraint book_has_author foreign key (author_id) references author
        deferrable initially deferred
);
