-- test: a_refund_is_stored
insert into refund values (1, 5, 10);

-- test: a_refund_over_the_capture_is_refused
-- It means refund_within_captured, but the amount is wrong in two ways.
insert into refund values (2, -5, -10);
