CREATE TABLE item (
    item_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT item_key PRIMARY KEY,
    name text NOT NULL CONSTRAINT item_name_once UNIQUE,
    quantity integer NOT NULL CONSTRAINT item_quantity_positive CHECK (quantity > 0)
);

INSERT INTO item (name, quantity) VALUES ('bolt', 1);
