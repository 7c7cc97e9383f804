CREATE TABLE room (
    room_id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    seats integer NOT NULL,
    CONSTRAINT room_pkey PRIMARY KEY (room_id),
    CONSTRAINT room_name_unique UNIQUE (name),
    CONSTRAINT room_seats_positive CHECK (seats > 0)
);
