//! The environment a process was started with.
//!
//! **Invariant**: only the variables asked for leave this module.

use std::collections::HashMap;
use std::fs;

/// The values of these variables in a process's start environment (proc_pid_environ(5)); nothing
/// when it cannot be read.
pub(super) fn variables(pid: u32, keys: &[&str]) -> HashMap<String, String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
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
