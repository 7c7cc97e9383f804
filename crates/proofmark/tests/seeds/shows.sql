-- What a test finds on the bill besides the template's own.
insert into show (id, title) values (2, 'Uncle Vanya'), (3, 'Three Sisters');
