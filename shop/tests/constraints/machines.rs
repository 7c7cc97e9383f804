//! The state machines: every allowed move is taken, every other pair of states is refused.
//!
//! In: [`MACHINES`], one line per machine; the states and moves are read from the database. Out:
//! the same cases for each machine, since all have the same three tables.
//!
//! **Invariant**: no list of moves is repeated here; the transition tables are the specification.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::cases::{Case, check, must, run, then};
use crate::factories::{self, Made};
use crate::refusal::Promises;

/// One machine: its table, and what the generic cases must know about it.
struct Machine {
    /// Table of the owner; also the name of its factory.
    table: &'static str,
    /// Last word of the check that a row starts in the initial state.
    starts: &'static str,
    /// Last words of the foreign key from the history to the owner.
    owner: &'static str,
    initial: &'static str,
    /// Two states that can be reached from the initial one.
    reached: [&'static str; 2],
    /// What else has to be set for the first of them.
    with_first: &'static str,
    /// An allowed move that does not leave the initial state, but the one after it.
    later: [&'static str; 2],
    /// What else has to be set for each of the two.
    with_later: [&'static str; 2],
    /// Factory of what the two moves need besides.
    later_needs: Option<&'static str>,
    /// How many states and moves the machine has.
    states: usize,
    moves: usize,
}

const MACHINES: &[Machine] = &[
    Machine {
        table: "cart",
        starts: "active",
        owner: "a_cart",
        initial: "active",
        reached: ["checkout", "abandoned"],
        with_first: "",
        later: ["checkout", "converted"],
        with_later: ["", ""],
        later_needs: None,
        states: 6,
        moves: 9,
    },
    Machine {
        table: "reservation",
        starts: "active",
        owner: "a_reservation",
        initial: "active",
        reached: ["released", "expired"],
        with_first: ", closed_at = now()",
        later: ["committed", "released"],
        with_later: [", order_line_id = {order_line}", ", closed_at = now()"],
        later_needs: Some("whole_order"),
        states: 5,
        moves: 5,
    },
    Machine {
        table: "stock_transfer",
        starts: "draft",
        owner: "a_transfer",
        initial: "draft",
        reached: ["in_transit", "cancelled"],
        with_first: "",
        later: ["in_transit", "received"],
        with_later: ["", ""],
        later_needs: None,
        states: 4,
        moves: 3,
    },
    Machine {
        table: "orders",
        starts: "placed",
        owner: "an_order",
        initial: "placed",
        reached: ["confirmed", "cancelled"],
        with_first: "",
        later: ["confirmed", "fulfilled"],
        with_later: ["", ""],
        later_needs: None,
        states: 8,
        moves: 11,
    },
    Machine {
        table: "fulfilment",
        starts: "pending",
        owner: "a_fulfilment",
        initial: "pending",
        reached: ["shipped", "cancelled"],
        with_first: "",
        later: ["shipped", "delivered"],
        with_later: ["", ""],
        later_needs: None,
        states: 5,
        moves: 4,
    },
    Machine {
        table: "order_return",
        starts: "requested",
        owner: "a_return",
        initial: "requested",
        reached: ["approved", "rejected"],
        with_first: "",
        later: ["approved", "received"],
        with_later: ["", ""],
        later_needs: None,
        states: 6,
        moves: 6,
    },
    Machine {
        table: "payment",
        starts: "unpaid",
        owner: "a_payment",
        initial: "requires_payment_method",
        reached: ["requires_action", "failed"],
        with_first: "",
        later: ["authorized", "captured"],
        with_later: ["", ""],
        later_needs: None,
        states: 13,
        moves: 38,
    },
    Machine {
        table: "capture",
        starts: "pending",
        owner: "a_capture",
        initial: "pending",
        reached: ["succeeded", "failed"],
        with_first: "",
        later: ["succeeded", "failed"],
        with_later: ["", ""],
        later_needs: None,
        states: 3,
        moves: 3,
    },
    Machine {
        table: "refund",
        starts: "pending",
        owner: "a_refund",
        initial: "pending",
        reached: ["succeeded", "failed"],
        with_first: "",
        later: ["succeeded", "failed"],
        with_later: ["", ""],
        later_needs: None,
        states: 5,
        moves: 9,
    },
    Machine {
        table: "dispute",
        starts: "opened",
        owner: "a_dispute",
        initial: "opened",
        reached: ["challenged", "won"],
        with_first: "",
        later: ["challenged", "lost"],
        with_later: ["", ""],
        later_needs: None,
        states: 7,
        moves: 10,
    },
];

impl Machine {
    fn named(table: &str) -> &'static Self {
        MACHINES.iter().find(|machine| machine.table == table).expect("a machine of this table")
    }

    /// The INSERT of one move of the factory's row.
    fn moves(&self, seq: usize, from: &str, to: &str) -> String {
        format!(
            "INSERT INTO {0}_history ({0}_id, seq, from_state, to_state, actor) \
             VALUES ({{{0}}}, {seq}, '{from}', '{to}', 'test')",
            self.table
        )
    }

    /// What the tables of a machine refuse, whatever its states are.
    fn cases(&self) -> Vec<Case> {
        let &Self { table, starts, owner, initial, reached: [first, second], .. } = self;
        let name = |what: &str| format!("{table}_{what}");
        let first_move = self.moves(1, initial, first);
        let after = |what: &str, statement: &str| then(name(what), &[&first_move, statement]);
        let alone = |what: &str, statement: &str| then(name(what), &[statement]);
        let state = format!("INSERT INTO {table}_state VALUES ('{initial}', true)");
        let transition = |from: &str, to: &str| {
            format!("INSERT INTO {table}_transition VALUES ('{from}', '{to}', 'test')")
        };
        let orphan = self.moves(1, initial, first).replace(&format!("{{{table}}}"), "{nobody}");
        let [later_from, later_to] = self.later;
        let move_row = format!(
            "UPDATE {table} SET state = '{first}', state_seq = 1{} WHERE id = {{{table}}}",
            self.with_first
        );
        let two_steps = move_row.replace("state_seq = 1", "state_seq = 2");
        let no_step = move_row.replace("state_seq = 1", "state_seq = 0");
        vec![
            alone("state_identity", &state),
            alone("transition_identity", &transition(initial, first)),
            alone("transition_from_a_state", &transition("nowhere", first)),
            alone("transition_to_a_state", &transition(initial, "nowhere")),
            alone(&format!("history_of_{owner}"), &orphan),
            alone("history_move_allowed", &self.moves(1, initial, initial)),
            alone("history_unbroken", &self.moves(2, initial, first)),
            after("history_unbroken", &self.moves(3, initial, first)),
            alone(&format!("history_starts_{starts}"), &self.moves(1, later_from, later_to)),
            after("history_head_unique", &first_move),
            after("history_identity", &self.moves(1, initial, second)),
            after("history_append_only", &format!("UPDATE {table}_history SET actor = 'other'")),
            after("history_append_only", &format!("DELETE FROM {table}_history")),
            alone("state_moves_one_step", &two_steps),
            then(name("state_is_head_of_history"), &[&move_row]).at_commit(),
            alone(&format!("starts_{starts}"), &no_step),
        ]
    }
}

/// The promises that the tests of this module refuse.
pub(crate) fn refused() -> Vec<String> {
    MACHINES.iter().flat_map(Machine::cases).map(|case| case.promise).collect()
}

/// States and allowed moves, from the database.
async fn read_machine(
    db: &mut PgConnection,
    table: &str,
) -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    let states = format!("SELECT state FROM {table}_state");
    let states: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(states)).fetch_all(&mut *db).await.expect("states");
    let moves = format!("SELECT from_state, to_state FROM {table}_transition");
    let moves: Vec<(String, String)> =
        sqlx::query_as(AssertSqlSafe(moves)).fetch_all(db).await.expect("moves");
    (states.into_iter().collect(), moves.into_iter().collect())
}

/// A shortest path of states from the initial one to each that can be reached.
fn paths(initial: &str, moves: &BTreeSet<(String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::from([(initial.to_owned(), vec![initial.to_owned()])]);
    let mut queue = VecDeque::from([initial.to_owned()]);
    while let Some(at) = queue.pop_front() {
        for (_, to) in moves.iter().filter(|(from, _)| *from == at) {
            if !found.contains_key(to) {
                let mut path = found[&at].clone();
                path.push(to.clone());
                found.insert(to.clone(), path);
                queue.push_back(to.clone());
            }
        }
    }
    found
}

/// Tries every pair of states, each after the moves that lead to its first.
async fn try_every_pair(db: &PgPool, machine: &Machine) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let promises = Promises::read(db).await;
    let (states, moves) = read_machine(db, machine.table).await;
    assert_eq!((states.len(), moves.len()), (machine.states, machine.moves));
    let paths = paths(machine.initial, &moves);
    assert_eq!(paths.len(), states.len(), "every state can be reached");

    must(db, "BEGIN").await;
    factories::make(db, machine.table, &mut Made::default()).await;
    let forbidden = format!("{}_history_move_allowed", machine.table);
    let mut wrong = Vec::new();
    for (from, path) in &paths {
        must(db, "SAVEPOINT before_path").await;
        for (at, step) in path.windows(2).enumerate() {
            must(db, &machine.moves(at + 1, &step[0], &step[1])).await;
        }
        for to in &states {
            must(db, "SAVEPOINT before_move").await;
            let statement = factories::with_ids(&machine.moves(path.len(), from, to));
            let result = run(db, &statement).await;
            if moves.contains(&(from.clone(), to.clone())) {
                wrong.extend(result.err().map(|error| format!("{from} -> {to}: {error}")));
            } else {
                let refused = promises.refused(result, &forbidden);
                wrong.extend(refused.err().map(|what| format!("{from} -> {to}: {what}")));
            }
            must(db, "ROLLBACK TO before_move").await;
        }
        must(db, "ROLLBACK TO before_path").await;
    }
    must(db, "ROLLBACK").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tables of the machines' owners.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    MACHINES.iter().map(|machine| machine.table)
}

/// Makes the owner and takes it through two moves; the transaction stays open.
pub(crate) async fn walk(db: &mut PgConnection, table: &str) {
    let machine = Machine::named(table);
    let mut made = Made::default();
    factories::make_whole(db, table, &mut made).await;
    if let Some(needed) = machine.later_needs {
        factories::make(db, needed, &mut made).await;
    }
    let mut from = machine.initial;
    for (at, (to, with)) in machine.later.into_iter().zip(machine.with_later).enumerate() {
        let seq = at + 1;
        must(db, &machine.moves(seq, from, to)).await;
        let update = format!(
            "UPDATE {table} SET state = '{to}', state_seq = {seq}{with} WHERE id = {{{table}}}"
        );
        must(db, &update).await;
        from = to;
    }
}

/// Walks for good, so that every table of the machine holds accepted rows.
async fn walk_and_commit(db: &PgPool, machine: &Machine) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let &Machine { table, initial, .. } = machine;
    must(db, "BEGIN").await;
    walk(db, table).await;
    // The states and moves come with the migrations; another one shows that more may be added.
    must(db, &format!("INSERT INTO {table}_state VALUES ('tested', true)")).await;
    must(db, &format!("INSERT INTO {table}_transition VALUES ('{initial}', 'tested', 'test')"))
        .await;
    must(db, "COMMIT").await;
}

macro_rules! machines {
    ($($table:ident: $rules:ident, $pairs:ident, $moved:ident;)+) => {
        $(
            #[proofmark::test]
            async fn $rules(db: PgPool) {
                let machine = Machine::named(stringify!($table));
                check(&db, machine.table, machine.cases()).await;
            }

            #[proofmark::test]
            async fn $pairs(db: PgPool) {
                try_every_pair(&db, Machine::named(stringify!($table))).await;
            }

            #[proofmark::test]
            async fn $moved(db: PgPool) {
                walk_and_commit(&db, Machine::named(stringify!($table))).await;
            }
        )+

        #[test]
        fn every_machine_has_its_tests() {
            let tested = [$(stringify!($table)),+];
            let declared: Vec<&str> = MACHINES.iter().map(|machine| machine.table).collect();
            assert_eq!(tested.as_slice(), declared);
        }
    };
}

machines! {
    cart: the_history_of_a_cart_keeps_its_rules,
        a_cart_takes_its_9_moves_and_no_other, a_cart_is_converted;
    reservation: the_history_of_a_reservation_keeps_its_rules,
        a_reservation_takes_its_5_moves_and_no_other, a_committed_reservation_is_released;
    stock_transfer: the_history_of_a_transfer_keeps_its_rules,
        a_transfer_takes_its_3_moves_and_no_other, a_transfer_is_sent_and_received;
    orders: the_history_of_an_order_keeps_its_rules,
        an_order_takes_its_11_moves_and_no_other, an_order_is_confirmed_and_fulfilled;
    fulfilment: the_history_of_a_fulfilment_keeps_its_rules,
        a_fulfilment_takes_its_4_moves_and_no_other, a_fulfilment_is_shipped_and_delivered;
    order_return: the_history_of_a_return_keeps_its_rules,
        a_return_takes_its_6_moves_and_no_other, a_return_is_approved_and_received;
    payment: the_history_of_a_payment_keeps_its_rules,
        a_payment_takes_its_38_moves_and_no_other, a_payment_is_authorised_and_captured;
    capture: the_history_of_a_capture_keeps_its_rules,
        a_capture_takes_its_3_moves_and_no_other, a_capture_succeeds_and_comes_back_late;
    refund: the_history_of_a_refund_keeps_its_rules,
        a_refund_takes_its_9_moves_and_no_other, a_refund_succeeds_and_fails_late;
    dispute: the_history_of_a_dispute_keeps_its_rules,
        a_dispute_takes_its_10_moves_and_no_other, a_dispute_is_challenged_and_lost;
}
