//! Violations of the fixture's constraints, and what each must be attributed to.
//!
//! In: nothing. Out: SQL with the expected promise or reason. Main type: [`Violation`].
//!
//! **Invariant**: every one is run against a real server; the expectation names one promise or
//! one reason.

/// One statement that the database must refuse.
pub(crate) struct Violation {
    /// The first major version that has the feature.
    pub(crate) since: u16,
    /// Statements that must succeed first, in the same transaction.
    pub(crate) given: &'static str,
    /// What is refused.
    pub(crate) sql: &'static str,
    /// The address of the promise, or the reason why there is none.
    pub(crate) expected: &'static str,
}

const fn refused(sql: &'static str, expected: &'static str) -> Violation {
    given("", sql, expected)
}

const fn given(given: &'static str, sql: &'static str, expected: &'static str) -> Violation {
    since(14, given, sql, expected)
}

const fn since(
    since: u16,
    given: &'static str,
    sql: &'static str,
    expected: &'static str,
) -> Violation {
    Violation { since, given, sql, expected }
}

const ITEM: &str = "INSERT INTO item (id, sku, price) VALUES (1, 'a', 5)";
const PARENT: &str = "INSERT INTO parent VALUES (1, 1, 1)";
const EVENT: &str = "INSERT INTO event VALUES (1, '2024-05-05', 'talk'); \
                     INSERT INTO event_note VALUES (1, 1, '2024-05-05')";

/// CHECK, NOT NULL and keys of one table.
pub(crate) const ONE_TABLE: &[Violation] = &[
    refused(
        "INSERT INTO item (id, sku, price) VALUES (1, 'a', 0)",
        "public.item.item_price_positive",
    ),
    given(ITEM, "UPDATE item SET price = -1", "public.item.item_price_positive"),
    given(
        ITEM,
        "INSERT INTO item (id, sku, price) VALUES (1, 'a', 5) \
         ON CONFLICT (id) DO UPDATE SET price = -1",
        "public.item.item_price_positive",
    ),
    since(
        15,
        ITEM,
        "MERGE INTO item USING (VALUES (1)) AS n (id) ON item.id = n.id \
         WHEN MATCHED THEN UPDATE SET price = -1",
        "public.item.item_price_positive",
    ),
    refused(
        "INSERT INTO item (id, sku, price) VALUES (1, 'a', 600)",
        "public.item.item_twice_bounded",
    ),
    refused(
        "INSERT INTO item (id, sku, \"Odd Name\") VALUES (1, 'a', 13)",
        "public.item.\"item \"\"odd\"\".name\"",
    ),
    // Both fail; the server tries them by name and reports the first.
    refused(
        "INSERT INTO item (id, sku, discount) VALUES (1, 'a', 60)",
        "public.item.item_a_discount_bounded",
    ),
    refused(
        "INSERT INTO item (id, sku, discount) VALUES (1, 'a', 45)",
        "public.item.item_z_discount_small",
    ),
    refused("INSERT INTO item (id) VALUES (1)", "public.item.sku:not-null"),
    refused("INSERT INTO item (sku) VALUES ('a')", "public.item.id:not-null"),
    // The NOT NULL is tried before the CHECK.
    refused("INSERT INTO item (id, price) VALUES (1, -1)", "public.item.sku:not-null"),
    given(ITEM, "UPDATE item SET sku = NULL", "public.item.sku:not-null"),
    given(ITEM, "INSERT INTO item (id, sku) VALUES (1, 'b')", "public.item.item_key"),
    given(ITEM, "INSERT INTO item (id, sku) VALUES (2, 'a')", "public.item.item_sku_once"),
    given(ITEM, "INSERT INTO item (id, sku) VALUES (2, 'A')", "public.item.item_lower_sku"),
    given(
        "INSERT INTO item (id, sku, mood) VALUES (1, 'a', 'happy')",
        "INSERT INTO item (id, sku, mood) VALUES (2, 'b', 'happy')",
        "public.item.item_one_happy",
    ),
    given(
        "INSERT INTO item (id, sku, price, code) VALUES (1, 'a', 5, 'x')",
        "INSERT INTO item (id, sku, price, code) VALUES (2, 'b', 5, 'x')",
        "public.item.item_price_positive:index",
    ),
    given(
        "INSERT INTO seat (id, place) VALUES (1, 1), (2, 1)",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "public.seat.seat_place_once",
    ),
    given(
        "INSERT INTO seat (id, place) VALUES (1, 1), (2, 1)",
        "COMMIT",
        "public.seat.seat_place_once",
    ),
    given(
        "INSERT INTO seat (id, during) VALUES (1, '[1,5)')",
        "INSERT INTO seat (id, during) VALUES (2, '[4,9)')",
        "public.seat.seat_free",
    ),
    given(
        "INSERT INTO seat (id, late) VALUES (1, '[1,5)'), (2, '[4,9)')",
        "COMMIT",
        "public.seat.seat_late_free",
    ),
    // NOT VALID is about the rows that are there already.
    refused("INSERT INTO child (id) VALUES (1000000)", "public.child.child_not_valid"),
    refused(
        "INSERT INTO \"Other Schema\".\"Ledger\" VALUES (0)",
        "\"Other Schema\".Ledger.Ledger_Amount_positive",
    ),
    refused(
        "INSERT INTO \"Other Schema\".\"Ledger\" VALUES (NULL)",
        "\"Other Schema\".Ledger.Amount:not-null",
    ),
    since(
        15,
        "INSERT INTO slot VALUES (1, NULL)",
        "INSERT INTO slot VALUES (2, NULL)",
        "public.slot.slot_label_once",
    ),
];

/// Foreign keys from both ends.
pub(crate) const FOREIGN_KEYS: &[Violation] = &[
    refused("INSERT INTO child (id, plain) VALUES (1, 9)", "public.child.child_plain"),
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO child (id, plain) VALUES (1, 1)",
        "UPDATE child SET plain = 9",
        "public.child.child_plain",
    ),
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO child (id, plain) VALUES (1, 1)",
        "DELETE FROM parent",
        "public.child.child_plain",
    ),
    // 23001 from 18, 23503 before.
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO child (id, restricted) VALUES (1, 1)",
        "DELETE FROM parent",
        "public.child.child_restricted",
    ),
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO child (id, restricted) VALUES (1, 1)",
        "UPDATE parent SET id = 2",
        "public.child.child_restricted",
    ),
    refused("INSERT INTO child (id, cascaded) VALUES (1, 9)", "public.child.child_cascaded"),
    refused("INSERT INTO child (id, emptied) VALUES (1, 9)", "public.child.child_emptied"),
    given("INSERT INTO child (id, late) VALUES (1, 9)", "COMMIT", "public.child.child_late"),
    given(
        "INSERT INTO child (id, late) VALUES (1, 9)",
        "SET CONSTRAINTS child_late IMMEDIATE",
        "public.child.child_late",
    ),
    given(PARENT, "INSERT INTO child (id, a, b) VALUES (1, 1, NULL)", "public.child.child_full"),
    given(PARENT, "INSERT INTO child (id, a, b) VALUES (1, 1, 2)", "public.child.child_full"),
    // The action of one promise runs into another.
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO strict_child VALUES (1, 1)",
        "DELETE FROM parent",
        "public.strict_child.parent_id:not-null",
    ),
    since(
        15,
        PARENT,
        "INSERT INTO half_emptied VALUES (1, 9)",
        "public.half_emptied.half_emptied_parent",
    ),
    since(
        18,
        "",
        "INSERT INTO breakfast VALUES ('[1,2)', '[2024-01-01,2024-01-02)')",
        "public.breakfast.breakfast_stay",
    ),
    since(
        18,
        "INSERT INTO stay VALUES ('[1,2)', '[2024-01-01,2024-02-01)'); \
         INSERT INTO breakfast VALUES ('[1,2)', '[2024-01-01,2024-01-02)')",
        "DELETE FROM stay",
        "public.breakfast.breakfast_stay",
    ),
];

/// Partitions and inheritance: the error names the child, the promise is the root's.
pub(crate) const TREES: &[Violation] = &[
    refused("INSERT INTO event VALUES (1, '2024-05-05', 'bad')", "public.event.event_kind_known"),
    refused("INSERT INTO event VALUES (1, '2023-05-05', 'bad')", "public.event.event_kind_known"),
    refused("INSERT INTO event VALUES (1, '2025-05-05', 'bad')", "public.event.event_kind_known"),
    refused(
        "INSERT INTO event_2023 (id, held_on, kind) VALUES (1, '2023-05-05', 'bad')",
        "public.event.event_kind_known",
    ),
    refused("INSERT INTO event_2024 VALUES (1, NULL, 'talk')", "public.event.held_on:not-null"),
    given(EVENT, "UPDATE event SET id = NULL", "public.event.id:not-null"),
    given(EVENT, "INSERT INTO event VALUES (1, '2024-05-05', 'x')", "public.event.event_key"),
    given(
        "INSERT INTO event VALUES (1, '2023-05-05', 'talk')",
        "INSERT INTO event VALUES (1, '2023-05-05', 'x')",
        "public.event.event_key",
    ),
    given(
        "INSERT INTO event VALUES (1, '2025-05-05', 'talk')",
        "INSERT INTO event VALUES (1, '2025-05-05', 'x')",
        "public.event.event_key",
    ),
    given(
        EVENT,
        "INSERT INTO event VALUES (2, '2024-05-05', 'talk')",
        "public.event.event_kind_once",
    ),
    given(
        "INSERT INTO event VALUES (1, '2025-05-05', 'talk')",
        "INSERT INTO event VALUES (2, '2025-05-05', 'talk')",
        "public.event.event_kind_once",
    ),
    refused("INSERT INTO event VALUES (1, '2024-05-05', 'x', 9)", "public.event.event_parent"),
    refused("INSERT INTO event VALUES (1, '2023-05-05', 'x', 9)", "public.event.event_parent"),
    refused("INSERT INTO event VALUES (1, '2025-05-05', 'x', 9)", "public.event.event_parent"),
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO event VALUES (1, '2023-05-05', 'x', 1)",
        "DELETE FROM parent",
        "public.event.event_parent",
    ),
    // The referred table is partitioned: the server made a constraint for each partition.
    refused(
        "INSERT INTO event_note VALUES (1, 9, '2024-05-05')",
        "public.event_note.event_note_event",
    ),
    given(EVENT, "DELETE FROM event", "public.event_note.event_note_event"),
    given(EVENT, "DELETE FROM event_2024", "public.event_note.event_note_event"),
    given(
        "INSERT INTO event VALUES (1, '2025-05-05', 'x'); \
         INSERT INTO event_note VALUES (1, 1, '2025-05-05')",
        "DELETE FROM event",
        "public.event_note.event_note_event",
    ),
    // A partition's own promises.
    refused("INSERT INTO event VALUES (1000, '2024-05-05')", "public.event_2024.event_2024_small"),
    given(
        "INSERT INTO parent VALUES (1); INSERT INTO event VALUES (1, '2024-05-05', 'x', 1)",
        "INSERT INTO event VALUES (2, '2024-05-05', 'y', 1)",
        "public.event_2024.event_2024_parent_once",
    ),
    refused("INSERT INTO event VALUES (1, '1999-05-05')", "no-partition"),
    refused("INSERT INTO event_2024 VALUES (1, '1999-05-05')", "wrong-partition"),
    refused("INSERT INTO animal VALUES ('hen', 3)", "public.animal.animal_legs_even"),
    refused("INSERT INTO dog VALUES ('rex', 3, 'pug')", "public.animal.animal_legs_even"),
    refused("INSERT INTO dog VALUES (NULL, 4, 'pug')", "public.animal.name:not-null"),
    refused("INSERT INTO dog VALUES ('rex', 4, NULL)", "public.dog.breed:not-null"),
    refused("INSERT INTO dog VALUES ('rex', 4, '')", "public.dog.dog_breed_known"),
    refused("INSERT INTO animal VALUES ('abstract', 4)", "public.animal.animal_not_abstract"),
    since(
        17,
        "INSERT INTO booking VALUES ('[1,2)', '[1,5)')",
        "INSERT INTO booking VALUES ('[1,2)', '[4,9)')",
        "public.booking.booking_free",
    ),
];

/// Domains: an error names no table, and the outermost domain.
pub(crate) const DOMAINS: &[Violation] = &[
    refused(
        "INSERT INTO measure (id, amount) VALUES (1, 0)",
        "public.positive.positive_is_positive",
    ),
    refused(
        "INSERT INTO measure (id, amounts) VALUES (1, '{1,0}')",
        "public.positive.positive_is_positive",
    ),
    refused(
        "INSERT INTO measure (id, made_of) VALUES (1, ROW(0, 'x'))",
        "public.positive.positive_is_positive",
    ),
    refused("SELECT 0::positive", "public.positive.positive_is_positive"),
    refused("SELECT '0'::positive", "public.positive.positive_is_positive"),
    refused(
        "INSERT INTO measure (id, nested) VALUES (1, 0)",
        "public.positive.positive_is_positive",
    ),
    refused(
        "INSERT INTO measure (id, nested) VALUES (1, 100)",
        "public.small_positive.small_positive_is_small",
    ),
    refused("INSERT INTO measure (id, note) VALUES (1, NULL)", "public.required:not-null"),
    refused("INSERT INTO measure (id, short) VALUES (1, NULL)", "public.required:not-null"),
    refused(
        "INSERT INTO measure (id, short) VALUES (1, 'longer')",
        "public.required_short.required_short_is_short",
    ),
    // Two domains with a constraint of one name, one built on the other.
    refused("INSERT INTO measure (id, twins) VALUES (1, 1)", "ambiguous"),
    refused("SELECT 0::twin", "public.twin.same"),
];

/// Errors that name no promise.
pub(crate) const NAMELESS: &[Violation] = &[
    refused("INSERT INTO item (id, sku, mood) VALUES (1, 'a', 'cross')", "enum-label"),
    refused("INSERT INTO item (id, sku, code) VALUES (1, 'a', 'long')", "type-limit"),
    refused("INSERT INTO item (id, sku, price) VALUES (1, 'a', 123456)", "type-limit"),
    refused("INSERT INTO item (id, sku, small) VALUES (1, 'a', 123456)", "type-limit"),
    // The division happens inside of a CHECK, and the server does not say so.
    refused("INSERT INTO item (id, sku, ratio) VALUES (1, 'a', 0)", "value-error"),
    refused("SELECT 'x'::int", "value-error"),
    refused("INSERT INTO cheap_item VALUES (1, 'a', 50)", "view-check-option"),
    given("SET LOCAL ROLE plain", "INSERT INTO guarded VALUES (10)", "row-security"),
    given("SET LOCAL ROLE plain", "INSERT INTO closed VALUES (10)", "not-a-refusal"),
    refused("INSERT INTO item (id, sku, twice) VALUES (1, 'a', 5)", "generated-always"),
    refused("INSERT INTO item (id, sku, number) VALUES (1, 'a', 5)", "generated-always"),
    refused("INSERT INTO missing VALUES (1)", "not-a-refusal"),
    refused("SELEC 1", "not-a-refusal"),
    given(
        "CREATE TABLE own (id int CONSTRAINT own_positive CHECK (id > 0))",
        "INSERT INTO own VALUES (0)",
        "unknown-constraint",
    ),
    given(
        "CREATE TEMPORARY TABLE item (price int CONSTRAINT item_price_positive CHECK (price > 0))",
        "INSERT INTO item VALUES (0)",
        "unknown-constraint",
    ),
    since(18, "", "INSERT INTO stay VALUES ('[1,2)', 'empty')", "empty-range"),
];

/// Errors of functions, which name what their authors choose.
pub(crate) const RAISED: &[Violation] = &[
    given("INSERT INTO invoice VALUES (1, 1)", "COMMIT", "public.invoice.invoice_agrees"),
    given("INSERT INTO invoice VALUES (1, 2)", "COMMIT", "public.invoice.invoice_agrees"),
    given("INSERT INTO invoice VALUES (1, 3)", "COMMIT", "raised-by-function"),
    given("INSERT INTO invoice VALUES (1, 4)", "COMMIT", "ambiguous"),
    given("INSERT INTO invoice VALUES (1, 5)", "COMMIT", "public.invoice_line.shared_name"),
    given("INSERT INTO invoice VALUES (1, 6)", "COMMIT", "unknown-constraint"),
    given("INSERT INTO invoice VALUES (1, 7)", "COMMIT", "raised-by-function"),
];

/// What only 18 has.
pub(crate) const SINCE_18: &[Violation] = &[
    since(
        18,
        "INSERT INTO stay VALUES ('[1,2)', '[2024-01-01,2024-02-01)')",
        "INSERT INTO stay VALUES ('[1,2)', '[2024-01-15,2024-03-01)')",
        "public.stay.stay_key",
    ),
    since(18, "", "INSERT INTO relaxed (late_required) VALUES (1)", "public.relaxed.id:not-null"),
    since(18, "", "INSERT INTO relaxed (id) VALUES (1)", "public.relaxed.late_required:not-null"),
    since(
        18,
        "",
        "INSERT INTO relaxed (id, amount, late_required) VALUES (1, 600, 1)",
        "public.relaxed.relaxed_doubled_bounded",
    ),
];
