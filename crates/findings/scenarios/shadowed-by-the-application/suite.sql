-- test: refund_is_stored
insert into refund values (1, 5, 10);

-- test: refund_not_within_captured_is_rejected
-- The application looked first, and sent nothing more.
select captured from refund where id = 1;
