//! Decides by a client's process which test it belongs to.
//!
//! In goes the line of processes from the client up, out comes a name, how it was found, and the
//! process with which the lease ends. Main function: [`recognise`].
//!
//! The rules, first match wins: the nearest process whose start environment names a test or
//! worker, unless Proofmark itself was started with the same value; then the process below the
//! command that the client belongs to; then the client's own process.
//!
//! **Invariant**: a lease found by the environment is held by the topmost process with that value,
//! so that the test's own children do not end it.

use std::rc::Rc;

use super::environment::Variables;
use super::process_table::{Process, ProcessTable};
use crate::leases::Holder;
use crate::{Identity, TestName};

/// The variable with which nextest names the test, and the one that names the binary it is in.
const NEXTEST_TEST: &str = "NEXTEST_TEST_NAME";
const NEXTEST_BINARY: &str = "NEXTEST_BINARY_ID";
/// The variable with which anybody can name a test.
const PROOFMARK_TEST: &str = "PROOFMARK_TEST";
/// PostgreSQL's own programs, which do one thing for whoever started them.
const TOOLS: [&str; 11] = [
    "psql",
    "pg_dump",
    "pg_restore",
    "pg_dumpall",
    "pgbench",
    "pg_isready",
    "createdb",
    "dropdb",
    "vacuumdb",
    "reindexdb",
    "clusterdb",
];

/// A test that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognised {
    pub(crate) test: TestName,
    pub(crate) identity: Identity,
    pub(crate) holder: Option<Holder>,
}

/// Finds the test of the client with this process id.
pub(crate) fn recognise(
    pid: Option<u32>,
    table: &mut ProcessTable,
    root: Option<u32>,
    identity_env: &[String],
) -> Recognised {
    let line = pid.map(|pid| table.line(pid)).unwrap_or_default();
    let mut keys: Vec<&str> = identity_env.iter().map(String::as_str).collect();
    keys.push(NEXTEST_BINARY);
    let own = table.environments.own(&keys);
    let below = below(&line, root);
    let environments: Vec<_> =
        below.iter().map(|process| table.environments.of(process.holder(), &keys)).collect();
    by_environment(below, &environments, &own, identity_env)
        .or_else(|| by_process(&line, root))
        .unwrap_or_else(|| Recognised {
            test: TestName::new(pid.map_or("unknown".to_owned(), |pid| format!("pid {pid}"))),
            identity: Identity::Unknown,
            holder: None,
        })
}

/// The line up to the command, or all of it when the command is not in it.
fn below(line: &[Process], root: Option<u32>) -> &[Process] {
    let command = line.iter().position(|process| Some(process.pid) == root);
    &line[..command.map_or(line.len(), |command| command + 1)]
}

fn by_environment(
    line: &[Process],
    environments: &[Rc<Variables>],
    own: &Variables,
    identity_env: &[String],
) -> Option<Recognised> {
    let named = |environment: &Rc<Variables>| {
        let key = identity_env
            .iter()
            .find(|key| environment.get(*key).is_some_and(|value| own.get(*key) != Some(value)))?;
        Some((key.clone(), environment[key].clone()))
    };
    let nearest = environments.iter().position(|environment| named(environment).is_some())?;
    let (key, value) = named(&environments[nearest])?;
    let has_it = |environment: &Rc<Variables>| environment.get(&key) == Some(&value);
    let run = environments[nearest..].iter().take_while(|environment| has_it(environment)).count();
    let name = match environments[nearest].get(NEXTEST_BINARY) {
        Some(binary) if key == NEXTEST_TEST => format!("{binary}::{value}"),
        _ if key == NEXTEST_TEST || key == PROOFMARK_TEST => value,
        _ => format!("{key}={value}"),
    };
    // A name that somebody chose is shared by every process that has it, and held by none.
    let holder = (key != PROOFMARK_TEST).then(|| line[nearest + run - 1].holder());
    Some(Recognised { test: TestName::new(name), identity: Identity::Environment { key }, holder })
}

/// The process below the command, the command itself, or, for a client that the command did not
/// start, the client. PostgreSQL's own tools act for whoever started them, so that the psql calls
/// of one script meet in one database.
fn by_process(line: &[Process], root: Option<u32>) -> Option<Recognised> {
    let tools = line.iter().take_while(|process| TOOLS.contains(&process.name.as_str())).count();
    let line = if tools < below(line, root).len() { &line[tools..] } else { line };
    let command = line.iter().position(|process| Some(process.pid) == root);
    let process = line.get(command.map_or(0, |command| command.saturating_sub(1)))?;
    Some(Recognised {
        test: TestName::new(format!("process {}", process.name)),
        identity: Identity::Process,
        holder: Some(process.holder()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, name: &str) -> Process {
        Process { pid, parent, start: u64::from(pid) * 10, name: name.to_owned() }
    }

    /// psql below a test binary below the runner below the command below a shell.
    fn line() -> Vec<Process> {
        vec![
            process(50, 40, "psql"),
            process(40, 30, "shop-1a2b"),
            process(30, 20, "runner"),
            process(20, 10, "command"),
            process(10, 1, "sh"),
        ]
    }

    fn environment(pairs: &[(&str, &str)]) -> Rc<Variables> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Rc::new(pairs.iter().map(owned).collect())
    }

    fn keys() -> Vec<String> {
        crate::IDENTITY_ENV.map(str::to_owned).to_vec()
    }

    #[test]
    fn the_topmost_process_with_the_value_holds_the_lease() {
        let test = environment(&[(NEXTEST_TEST, "pays"), (NEXTEST_BINARY, "shop::orders")]);
        let environments = [test.clone(), test, environment(&[]), environment(&[])];
        let line = line();
        let found = by_environment(&line[..4], &environments, &environment(&[]), &keys());
        let expected = Recognised {
            test: TestName::new("shop::orders::pays"),
            identity: Identity::Environment { key: NEXTEST_TEST.to_owned() },
            holder: Some(Holder { pid: 40, start: 400 }),
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn a_worker_is_named_with_its_variable() {
        let worker = environment(&[("JEST_WORKER_ID", "3")]);
        let line = line();
        let found = by_environment(&line[..1], &[worker], &environment(&[]), &keys());
        assert_eq!(found.map(|found| found.test), Some(TestName::new("JEST_WORKER_ID=3")));
    }

    #[test]
    fn a_value_that_proofmark_was_started_with_names_nothing() {
        let outer = environment(&[(NEXTEST_TEST, "outer")]);
        let line = line();
        let environments = [outer.clone(), outer.clone()];
        assert_eq!(by_environment(&line[..2], &environments, &outer, &keys()), None);
    }

    #[test]
    fn a_chosen_name_is_shared_and_held_by_nobody() {
        let chosen = environment(&[("PROOFMARK_TEST", "mine"), ("JEST_WORKER_ID", "3")]);
        let line = line();
        let found = by_environment(&line[..1], &[chosen], &environment(&[]), &keys());
        let found = found.expect("it is named");
        assert_eq!((found.test, found.holder), (TestName::new("mine"), None));
    }

    #[test]
    fn the_process_below_the_command_is_the_worker() {
        let found = |root| by_process(&line(), root).map(|found| (found.test, found.holder));
        let named = |name: &str, pid: u32| {
            Some((TestName::new(name), Some(Holder { pid, start: u64::from(pid) * 10 })))
        };
        assert_eq!(found(Some(20)), named("process runner", 30));
        assert_eq!(found(Some(30)), named("process shop-1a2b", 40));
        assert_eq!(by_process(&[], Some(20)), None);
    }

    #[test]
    fn a_tool_acts_for_whoever_started_it() {
        let found = |root| by_process(&line(), root).map(|found| found.test);
        assert_eq!(found(Some(40)), Some(TestName::new("process shop-1a2b")));
        assert_eq!(found(Some(99)), Some(TestName::new("process shop-1a2b")));
        assert_eq!(found(None), Some(TestName::new("process shop-1a2b")));
        assert_eq!(found(Some(50)), Some(TestName::new("process psql")));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn nobody_is_unknown() {
        let found = recognise(None, &mut ProcessTable::default(), None, &keys());
        assert_eq!((found.test, found.holder), (TestName::new("unknown"), None));
    }
}
