create table ticket (
    id int primary key,
    opened_at date not null,
    closed_at date,
    constraint ticket_closed_later check (closed_at > opened_at)
);
