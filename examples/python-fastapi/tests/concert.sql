INSERT INTO event (name, seats) VALUES ('Concert', 2);
INSERT INTO ticket (event_id, seat, buyer) VALUES (1, 1, 'Ann');
