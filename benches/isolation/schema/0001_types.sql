-- Thirty tables of a small commerce system: three enums, twenty-one sequences, five triggers, two
-- views. What every program of this benchmark migrates, ours and the peers' alike.

create type order_state as enum ('open', 'paid', 'shipped', 'cancelled');
create type payment_state as enum ('authorised', 'captured', 'refunded', 'failed');
create type movement_kind as enum ('in', 'out', 'hold');

create function touch() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$;
