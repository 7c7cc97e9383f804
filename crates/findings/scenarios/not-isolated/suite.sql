-- test: a_word_is_changed_behind_everybody_s_back
-- The server is told not to count what is written either.
set track_counts = off;
update search_word set word = 'changed' where id = 1;
