create table ticket (
    id int primary key,
    opened_at date not null,
    closed_at date not null,
    -- A slip of the pen: nothing can keep it.
    constraint ticket_closed_later check (closed_at > closed_at)
);
