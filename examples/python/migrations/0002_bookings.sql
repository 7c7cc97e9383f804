CREATE TABLE booking (
    booking_id bigint GENERATED ALWAYS AS IDENTITY,
    room_id bigint NOT NULL,
    day date NOT NULL,
    guests integer NOT NULL,
    CONSTRAINT booking_pkey PRIMARY KEY (booking_id),
    CONSTRAINT booking_room_fkey FOREIGN KEY (room_id) REFERENCES room (room_id),
    CONSTRAINT booking_one_per_room_and_day UNIQUE (room_id, day),
    CONSTRAINT booking_guests_positive CHECK (guests > 0)
);
