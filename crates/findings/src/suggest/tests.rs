//! Suggestions over a small catalog.

use expect_test::{Expect, expect};
use proofmark_catalog::{
    Catalog, Column, Deferrable, Domain, EnumType, ForeignKey, ForeignKeyAction, Identity,
    MatchType, Promise, PromiseId, PromiseKind, Table, TableKind, TableName, Unique,
};

use super::{Aim, Suggester};

fn column(name: &str, type_name: &str) -> Column {
    Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        not_null: true,
        generated: None,
        identity: None,
        default: None,
    }
}

fn promise(kind: PromiseKind, columns: &[&str], expression: Option<&str>) -> Promise {
    Promise {
        id: PromiseId::new(format!("shop.refund.{}", columns.join("_"))),
        kind,
        table: Some(TableName::new("shop", "refund")),
        domain: None,
        name: None,
        columns: columns.iter().map(|&c| c.to_owned()).collect(),
        definition: String::new(),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: Vec::new(),
        expression: expression.map(str::to_owned),
        evaluated_by_writes_to: Vec::new(),
    }
}

fn unique(predicate: Option<&str>) -> PromiseKind {
    PromiseKind::Unique(Unique {
        index_only: false,
        predicate: predicate.map(str::to_owned),
        expression: None,
        nulls_not_distinct: false,
        without_overlaps: false,
    })
}

fn foreign_key() -> PromiseKind {
    PromiseKind::ForeignKey(ForeignKey {
        references: TableName::new("shop", "payment"),
        referenced_columns: vec!["id".to_owned()],
        on_delete: ForeignKeyAction::NoAction,
        on_update: ForeignKeyAction::NoAction,
        match_type: MatchType::Simple,
        set_columns: Vec::new(),
        period: false,
    })
}

fn primary_key() -> PromiseKind {
    PromiseKind::PrimaryKey { without_overlaps: false }
}

/// `shop.refund`, which refers to `shop.payment`.
fn catalog() -> Catalog {
    let mut id = column("id", "bigint");
    id.identity = Some(Identity::Always);
    let mut created = column("created_at", "timestamp with time zone");
    created.default = Some("now()".to_owned());
    let columns = vec![
        id,
        column("payment_id", "uuid"),
        column("order", "integer"),
        column("amount", "bigint"),
        column("captured", "bigint"),
        column("state", "shop.refund_state"),
        column("currency", "shop.currency_code"),
        created,
    ];
    Catalog {
        server_version_num: 150_014,
        tables: vec![Table {
            name: TableName::new("shop", "refund"),
            kind: TableKind::Ordinary,
            columns,
            partitions: Vec::new(),
            inherits: Vec::new(),
            root: TableName::new("shop", "refund"),
        }],
        promises: vec![
            promise(primary_key(), &["id"], None),
            promise(foreign_key(), &["payment_id"], None),
        ],
        enums: vec![EnumType {
            name: TableName::new("shop", "refund_state"),
            labels: vec!["it's new".to_owned(), "done".to_owned()],
            used_by: Vec::new(),
        }],
        domains: vec![Domain {
            name: TableName::new("shop", "currency_code"),
            base_type: "text".to_owned(),
            not_null: false,
            used_by: Vec::new(),
        }],
        state_columns: Vec::new(),
    }
}

#[track_caller]
fn check(promise: &Promise, aim: Aim, expected: &Expect) {
    let suggestion =
        Suggester::new(&catalog()).suggest(promise, aim).expect("there is a suggestion");
    expected.assert_eq(&(suggestion.sql + "\n"));
}

#[test]
fn a_check_is_broken_at_its_bound() {
    let check_ = promise(PromiseKind::Check, &["amount"], Some("(amount > 0)"));
    check(
        &check_,
        Aim::Refused,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1,
                /* breaks: amount > 0 */ 0, 1, 'it''s new', 'a');
    "#]],
    );
    check(
        &check_,
        Aim::Accepted,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1,
                /* keeps: amount > 0 */ 1, 1, 'it''s new', 'a');
    "#]],
    );
}

#[test]
fn a_check_between_two_columns_is_broken_by_both() {
    let within = Some("(amount <= captured)");
    let within = promise(PromiseKind::Check, &["amount", "captured"], within);
    check(
        &within,
        Aim::Refused,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1,
                /* breaks: amount <= captured */ 2, 1, 'it''s new', 'a');
    "#]],
    );
}

#[test]
fn a_check_that_is_not_understood_is_quoted_and_left_to_the_reader() {
    let odd = Some("((amount % (10)::bigint) = 0) /* x */");
    check(
        &promise(PromiseKind::Check, &["amount"], odd),
        Aim::Refused,
        &expect![[r#"
            insert into shop.refund (payment_id, "order", amount, captured, state, currency)
            values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1,
                    /* breaks: ((amount % 10) = 0) / * x * / */ 1, 1, 'it''s new', 'a');
        "#]],
    );
}

#[test]
fn a_key_is_broken_by_two_rows_that_differ_in_other_keys() {
    check(
        &promise(unique(None), &["payment_id"], None),
        Aim::Refused,
        &expect![[r#"
            insert into shop.refund (payment_id, "order", amount, captured, state, currency)
            values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1, 1, 1,
                    'it''s new', 'a'),
                   ('00000000-0000-0000-0000-000000000001', 1, 1, 1, 'it''s new', 'a');
        "#]],
    );
    let partial = promise(unique(Some("(state = 'done'::text)")), &["order"], None);
    check(
        &partial,
        Aim::Refused,
        &expect![[r#"
            insert into shop.refund (payment_id, "order", amount, captured, state, currency)
            values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001',
                    /* where state = 'done' */ 1, 1, 1, 'it''s new', 'a'),
                   ('00000000-0000-0000-0000-000000000001', 1, 1, 1, 'it''s new', 'a');
        "#]],
    );
    check(
        &promise(primary_key(), &["id"], None),
        Aim::Refused,
        &expect![[r#"
            insert into shop.refund (id, payment_id, "order", amount, captured, state, currency)
            overriding system value
            values (1, /* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1, 1,
                    1, 'it''s new', 'a'),
                   (1, '00000000-0000-0000-0000-000000000001', 1, 1, 1, 'it''s new', 'a');
        "#]],
    );
}

#[test]
fn a_reference_is_broken_by_a_key_that_is_not_there() {
    let key = promise(foreign_key(), &["payment_id"], None);
    check(
        &key,
        Aim::Refused,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* no row of shop.payment */ '00000000-0000-0000-0000-000000000000', 1, 1, 1,
                'it''s new', 'a');
    "#]],
    );
    check(
        &key,
        Aim::Accepted,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1, 1, 1,
                'it''s new', 'a');
    "#]],
    );
}

#[test]
fn a_not_null_is_broken_by_null() {
    let kind = PromiseKind::NotNull { implied_by_primary_key: false };
    check(
        &promise(kind, &["amount"], None),
        Aim::Refused,
        &expect![[r#"
        insert into shop.refund (payment_id, "order", amount, captured, state, currency)
        values (/* a row of shop.payment */ '00000000-0000-0000-0000-000000000001', 1, null,
                1, 'it''s new', 'a');
    "#]],
    );
}

#[test]
fn a_domain_or_enum_is_tried_by_a_cast() {
    let of = |kind, name: &str, expression| Promise {
        table: None,
        domain: Some(TableName::new("shop", name)),
        ..promise(kind, &[], expression)
    };
    let upper = Some("(VALUE ~ '^[A-Z]{3}$'::text)");
    let upper = of(PromiseKind::DomainCheck, "currency_code", upper);
    check(
        &upper,
        Aim::Refused,
        &expect![[r#"
            select cast(/* breaks: VALUE ~ '^[A-Z]{3}$' */ 'a' as shop.currency_code);
        "#]],
    );
    let not_null = of(PromiseKind::DomainNotNull, "currency_code", None);
    check(
        &not_null,
        Aim::Refused,
        &expect![[r#"
        select cast(null as shop.currency_code);
    "#]],
    );
    let labels = of(PromiseKind::Enum, "refund_state", None);
    check(
        &labels,
        Aim::Refused,
        &expect![[r#"
        select cast('no such label' as shop.refund_state);
    "#]],
    );
    check(
        &labels,
        Aim::Accepted,
        &expect![[r#"
        select cast('it''s new' as shop.refund_state);
    "#]],
    );
}

#[test]
fn a_trigger_decides_for_itself_so_nothing_is_suggested() {
    let trigger = promise(PromiseKind::ConstraintTrigger, &[], None);
    assert_eq!(Suggester::new(&catalog()).suggest(&trigger, Aim::Refused), None);
}
