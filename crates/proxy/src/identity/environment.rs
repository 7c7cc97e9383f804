//! The environment a process was started with.
//!
//! In goes a process, out come the variables that can name a test. Main type: [`Environments`].
//!
//! **Invariant**: only the variables asked for leave this module; a start environment never
//! changes, so each is read once.

use std::collections::HashMap;
use std::rc::Rc;

use super::proc_file;
use crate::leases::Holder;

/// Processes whose environment is remembered at most.
const REMEMBERED_MAX: usize = 1024;

/// Variables by name.
pub(super) type Variables = HashMap<String, String>;

/// Environments that were read.
#[derive(Debug, Default)]
pub(super) struct Environments {
    own: Option<Rc<Variables>>,
    of: HashMap<Holder, Rc<Variables>>,
}

impl Environments {
    /// These variables of this very process.
    pub(super) fn own(&mut self, keys: &[&str]) -> Rc<Variables> {
        let own = self.own.get_or_insert_with(|| Rc::new(variables(std::process::id(), keys)));
        Rc::clone(own)
    }

    /// These variables of a process. The keys are the same for the whole run.
    pub(super) fn of(&mut self, process: Holder, keys: &[&str]) -> Rc<Variables> {
        if self.of.len() >= REMEMBERED_MAX {
            self.of.clear();
        }
        let read = || Rc::new(variables(process.pid, keys));
        Rc::clone(self.of.entry(process).or_insert_with(read))
    }
}

/// The values of these variables in a process's start environment (proc_pid_environ(5)); nothing
/// when it cannot be read.
fn variables(pid: u32, keys: &[&str]) -> Variables {
    let environment = proc_file::read(&format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).filter_map(|entry| wanted(entry, keys)).collect()
}

fn wanted(entry: &[u8], keys: &[&str]) -> Option<(String, String)> {
    let equals = entry.iter().position(|byte| *byte == b'=')?;
    let key = std::str::from_utf8(&entry[..equals]).ok().filter(|key| keys.contains(key))?;
    Some((key.to_owned(), String::from_utf8_lossy(&entry[equals + 1..]).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_a_value() {
        let expected = Some(("TEST_ENV_NUMBER".to_owned(), String::new()));
        assert_eq!(wanted(b"TEST_ENV_NUMBER=", &["TEST_ENV_NUMBER"]), expected);
        assert_eq!(wanted(b"OTHER=1", &["TEST_ENV_NUMBER"]), None);
        assert_eq!(wanted(b"nonsense", &["nonsense"]), None);
    }
}
