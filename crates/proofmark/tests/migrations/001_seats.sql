-- A box office: enough to be refused by, deferred by and raced for.

create table show (
    id integer constraint show_pkey primary key,
    title text not null constraint show_title_not_blank check (title <> '')
);

create table seat (
    id integer constraint seat_pkey primary key,
    show_id integer not null,
    label text not null,
    constraint seat_label_once_per_show unique (show_id, label),
    constraint seat_show_fkey foreign key (show_id) references show (id)
        deferrable initially deferred
);

insert into show (id, title) values (1, 'The Cherry Orchard');
