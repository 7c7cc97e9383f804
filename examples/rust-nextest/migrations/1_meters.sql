CREATE TABLE meter (
    meter_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT meter_key PRIMARY KEY,
    serial text NOT NULL CONSTRAINT meter_serial_once UNIQUE
);

CREATE TABLE reading (
    meter_id bigint NOT NULL CONSTRAINT reading_of_meter REFERENCES meter,
    day date NOT NULL,
    kwh integer NOT NULL CONSTRAINT reading_not_negative CHECK (kwh >= 0),
    CONSTRAINT reading_once_a_day PRIMARY KEY (meter_id, day)
);
