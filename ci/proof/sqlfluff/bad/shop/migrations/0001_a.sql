create tabel item (id bigint);
