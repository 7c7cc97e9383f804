//! What is read from the fixture.

use std::fmt::Write as _;

use anyhow::Result;
use expect_test::{Expect, expect};
use proofmark_catalog::{Catalog, Deferrable, Promise, PromiseKind, TableName, read};

use crate::servers::{Running, on_every_major, same_on_every_major};

async fn check(since: u16, show: impl Fn(&Catalog) -> String, expected: Expect) -> Result<()> {
    let shown = same_on_every_major(since, async |running| {
        let client = running.database(&running.fixture()).await?;
        Ok(show(&read(&client).await?))
    });
    if let Some(shown) = shown.await? {
        expected.assert_eq(&shown);
    }
    Ok(())
}

/// The tables that only some versions have.
const NOT_EVERYWHERE: [&str; 7] =
    ["slot", "half_emptied", "booking", "booking_one", "stay", "breakfast", "relaxed"];

fn is_everywhere(promise: &Promise) -> bool {
    let of = |table: &TableName| NOT_EVERYWHERE.contains(&table.name.as_str());
    !promise.table.as_ref().is_some_and(of)
}

fn line(promise: &Promise) -> String {
    let mut line = format!("{} ({})", promise.id, promise.kind.word());
    let mut flag = |present: bool, word: &str| {
        if present {
            write!(line, " {word}").expect("a String takes any text");
        }
    };
    flag(promise.deferrable == Deferrable::InitiallyImmediate, "deferrable");
    flag(promise.deferrable == Deferrable::InitiallyDeferred, "deferred");
    flag(!promise.enforced, "not-enforced");
    flag(!promise.validated, "not-valid");
    flag(promise.implied_by_primary_key(), "implied");
    if let PromiseKind::Unique(unique) = &promise.kind {
        flag(unique.index_only, "index");
        flag(unique.predicate.is_some(), "partial");
        flag(unique.expression.is_some(), "expression");
        flag(unique.nulls_not_distinct, "nulls-not-distinct");
        flag(unique.without_overlaps, "without-overlaps");
    }
    flag(
        matches!(promise.kind, PromiseKind::PrimaryKey { without_overlaps: true }),
        "without-overlaps",
    );
    line
}

fn promises(catalog: &Catalog, wanted: impl Fn(&Promise) -> bool) -> String {
    let lines: Vec<String> =
        catalog.promises.iter().filter(|promise| wanted(promise)).map(line).collect();
    lines.join("\n")
}

fn of_table(catalog: &Catalog, name: &str) -> String {
    promises(catalog, |promise| promise.table.as_ref().is_some_and(|table| table.name == name))
}

#[tokio::test]
async fn every_major_reads_the_same_promises() -> Result<()> {
    check(
        14,
        |catalog| promises(catalog, is_everywhere),
        expect![[r#"
            "Other Schema".Ledger.Amount:not-null (not null)
            "Other Schema".Ledger.Ledger_Amount_positive (check)
            public.animal.animal_legs_even (check)
            public.animal.animal_not_abstract (check)
            public.animal.name:not-null (not null)
            public.child.child_cascaded (foreign key)
            public.child.child_emptied (foreign key)
            public.child.child_full (foreign key)
            public.child.child_late (foreign key) deferred
            public.child.child_not_valid (check)
            public.child.child_pkey (primary key)
            public.child.child_plain (foreign key)
            public.child.child_restricted (foreign key)
            public.child.id:not-null (not null) implied
            public.dog.breed:not-null (not null)
            public.dog.dog_breed_known (check)
            public.event.event_key (primary key)
            public.event.event_kind_known (check)
            public.event.event_kind_once (unique) index
            public.event.event_parent (foreign key)
            public.event.held_on:not-null (not null) implied
            public.event.id:not-null (not null) implied
            public.event_2024.event_2024_parent_once (unique) index
            public.event_2024.event_2024_small (check)
            public.event_note.event_note_event (foreign key)
            public.event_note.event_note_pkey (primary key)
            public.event_note.id:not-null (not null) implied
            public.guarded.guarded_pkey (primary key)
            public.guarded.id:not-null (not null) implied
            public.invoice.id:not-null (not null) implied
            public.invoice.invoice_agrees (constraint trigger) deferred
            public.invoice.invoice_pkey (primary key)
            public.invoice.shared_name (check)
            public.invoice.total:not-null (not null)
            public.invoice_line.amount:not-null (not null)
            public.invoice_line.id:not-null (not null) implied
            public.invoice_line.invoice_line_pkey (primary key)
            public.invoice_line.shared_name (check)
            public.item."item ""odd"".name" (check)
            public.item.id:not-null (not null) implied
            public.item.item_a_discount_bounded (check)
            public.item.item_key (primary key)
            public.item.item_lower_sku (unique) index expression
            public.item.item_one_happy (unique) index partial
            public.item.item_price_positive (check)
            public.item.item_price_positive:index (unique) index
            public.item.item_ratio_check (check)
            public.item.item_sku_once (unique)
            public.item.item_twice_bounded (check)
            public.item.item_z_discount_small (check)
            public.item.number:not-null (not null)
            public.item.sku:not-null (not null)
            public.measure.id:not-null (not null) implied
            public.measure.measure_pkey (primary key)
            public.mood:enum (enum)
            public.parent.id:not-null (not null) implied
            public.parent.parent_pair (unique)
            public.parent.parent_pkey (primary key)
            public.positive.positive_is_positive (domain check)
            public.remote.id:not-null (not null) not-enforced
            public.remote.remote_id_positive (check) not-enforced
            public.required:not-null (domain not null)
            public.required_short.required_short_is_short (domain check)
            public.seat.id:not-null (not null) implied
            public.seat.seat_free (exclude)
            public.seat.seat_late_free (exclude) deferred
            public.seat.seat_pkey (primary key)
            public.seat.seat_place_once (unique) deferred
            public.small_positive.small_positive_is_small (domain check)
            public.strict_child.id:not-null (not null) implied
            public.strict_child.parent_id:not-null (not null)
            public.strict_child.strict_child_parent (foreign key)
            public.strict_child.strict_child_pkey (primary key)
            public.twin.same (domain check)
            public.twin_of_twin.same (domain check)"#]],
    )
    .await
}

#[tokio::test]
async fn features_of_15_are_read() -> Result<()> {
    let show = |catalog: &Catalog| {
        let parent = catalog
            .promises
            .iter()
            .find(|promise| promise.name.as_deref() == Some("half_emptied_parent"));
        let Some(PromiseKind::ForeignKey(key)) = parent.map(|promise| &promise.kind) else {
            return "no foreign key".to_owned();
        };
        format!("{}\n{:?} {:?}", of_table(catalog, "slot"), key.on_delete, key.set_columns)
    };
    check(
        15,
        show,
        expect![[r#"
        public.slot.id:not-null (not null) implied
        public.slot.slot_label_once (unique) nulls-not-distinct
        public.slot.slot_pkey (primary key)
        SetNull ["a"]"#]],
    )
    .await
}

#[tokio::test]
async fn an_exclusion_of_a_partitioned_table_is_one_promise() -> Result<()> {
    let show = |catalog: &Catalog| {
        promises(catalog, |promise| promise.id.as_str().starts_with("public.booking"))
    };
    check(17, show, expect!["public.booking.booking_free (exclude)"]).await
}

#[tokio::test]
async fn features_of_18_are_read() -> Result<()> {
    let show = |catalog: &Catalog| {
        ["stay", "breakfast", "relaxed"].map(|table| of_table(catalog, table)).join("\n")
    };
    check(
        18,
        show,
        expect![[r#"
        public.stay.during:not-null (not null) implied
        public.stay.room:not-null (not null) implied
        public.stay.stay_key (primary key) without-overlaps
        public.breakfast.breakfast_stay (foreign key)
        public.relaxed.id:not-null (not null)
        public.relaxed.late_required:not-null (not null) not-valid
        public.relaxed.relaxed_amount_positive (check) not-enforced not-valid
        public.relaxed.relaxed_doubled_bounded (check)
        public.relaxed.relaxed_parent (foreign key) not-enforced not-valid"#]],
    )
    .await
}

#[tokio::test]
async fn tables_know_their_place_in_a_tree() -> Result<()> {
    let show = |catalog: &Catalog| {
        let mut lines = String::new();
        for table in &catalog.tables {
            if NOT_EVERYWHERE.contains(&table.name.name.as_str()) {
                continue;
            }
            write!(lines, "{} {:?}", table.name, table.kind).expect("a String takes any text");
            for below in &table.partitions {
                write!(lines, " >{}", below.name).expect("a String takes any text");
            }
            for above in &table.inherits {
                write!(lines, " <{}", above.name).expect("a String takes any text");
            }
            writeln!(lines, " root={}", table.root.name).expect("a String takes any text");
        }
        lines
    };
    check(
        14,
        show,
        expect![[r#"
            "Other Schema".Ledger Ordinary root=Ledger
            public.animal Ordinary root=animal
            public.child Ordinary root=child
            public.closed Ordinary root=closed
            public.dog Inheriting <animal root=dog
            public.event Partitioned >event_2023 >event_2024 >event_2025 >event_2025_all root=event
            public.event_2023 Partition <event root=event
            public.event_2024 Partition <event root=event
            public.event_2025 Partition >event_2025_all <event root=event
            public.event_2025_all Partition <event_2025 root=event
            public.event_note Ordinary root=event_note
            public.guarded Ordinary root=guarded
            public.invoice Ordinary root=invoice
            public.invoice_line Ordinary root=invoice_line
            public.item Ordinary root=item
            public.measure Ordinary root=measure
            public.parent Ordinary root=parent
            public.remote Foreign root=remote
            public.seat Ordinary root=seat
            public.strict_child Ordinary root=strict_child
        "#]],
    )
    .await
}

#[tokio::test]
async fn columns_say_what_the_server_fills() -> Result<()> {
    let show = |catalog: &Catalog| {
        let item = catalog.table(&TableName::new("public", "item")).expect("it was created");
        let columns: Vec<String> = item
            .columns
            .iter()
            .map(|column| {
                format!(
                    "{} {} {:?} {:?} {}",
                    column.name,
                    column.type_name,
                    column.generated,
                    column.identity,
                    column.not_null
                )
            })
            .collect();
        columns.join("\n")
    };
    check(
        14,
        show,
        expect![[r#"
        id integer None None true
        sku text None None true
        price numeric(6,2) None None false
        twice numeric Some(Stored("(price * (2)::numeric)")) None false
        Odd Name integer None None false
        code character varying(3) None None false
        small smallint None None false
        ratio integer None None false
        mood public.mood None None false
        discount integer None None false
        number integer None Some(Always) true"#]],
    )
    .await
}

#[tokio::test]
async fn a_domain_knows_the_columns_that_hold_it() -> Result<()> {
    let show = |catalog: &Catalog| {
        let mut lines = String::new();
        for domain in &catalog.domains {
            let uses: Vec<_> = domain.used_by.iter().map(|used| used.column.as_str()).collect();
            writeln!(lines, "{} {} {}", domain.name, domain.base_type, uses.join(","))
                .expect("a String takes any text");
        }
        for of in &catalog.enums {
            let uses: Vec<_> = of.used_by.iter().map(|used| used.column.as_str()).collect();
            writeln!(lines, "{} {:?} {}", of.name, of.labels, uses.join(","))
                .expect("a String takes any text");
        }
        lines
    };
    check(
        14,
        show,
        expect![[r#"
        public.positive integer amount,amounts,made_of,nested
        public.required text note,short
        public.required_short public.required short
        public.small_positive public.positive nested
        public.twin integer twins
        public.twin_of_twin public.twin twins
        public.mood ["happy", "sad"] mood
    "#]],
    )
    .await
}

#[tokio::test]
async fn a_promise_of_a_root_is_tried_by_writes_to_every_partition() -> Result<()> {
    let show = |catalog: &Catalog| {
        let mut lines = String::new();
        for name in ["event_kind_known", "event_key", "event_parent", "animal_legs_even"] {
            let named = |promise: &&Promise| promise.name.as_deref() == Some(name);
            let promise = catalog.promises.iter().find(named).expect("it was declared");
            let tables: Vec<_> =
                promise.evaluated_by_writes_to.iter().map(|table| table.name.as_str()).collect();
            writeln!(lines, "{name}: {}", tables.join(" ")).expect("a String takes any text");
        }
        lines
    };
    check(
        14,
        show,
        expect![[r#"
            event_kind_known: event event_2023 event_2024 event_2025 event_2025_all
            event_key: event event_2023 event_2024 event_2025 event_2025_all
            event_parent: event event_2023 event_2024 event_2025 event_2025_all
            animal_legs_even: animal dog
        "#]],
    )
    .await
}

#[tokio::test]
async fn reading_leaves_the_session_as_it_was() -> Result<()> {
    on_every_major(async |running: &Running| {
        let client = running.database("SET search_path = information_schema").await?;
        read(&client).await?;
        let row = client
            .query_one(
                "SELECT current_setting('search_path'), current_setting('transaction_read_only')",
                &[],
            )
            .await?;
        assert_eq!(row.get::<_, &str>(0), "information_schema");
        assert_eq!(row.get::<_, &str>(1), "off", "the read-only transaction is over");
        Ok(())
    })
    .await
}
