//! The processes of this machine and who started whom.
//!
//! In go process ids, out come parents and descendants. Main type: [`ProcessTable`].
//!
//! **Invariant**: `/proc` is read once per process, and again only where something is missing or a
//! number has been used twice; a machine without `/proc` has no processes.

use std::collections::HashMap;
use std::fs;

use super::environment::Environments;
use super::peer::Recent;
use super::proc_file;
use crate::leases::Holder;

/// Ancestors that are followed at most; a deeper tree of processes is a loop.
const DEPTH_MAX: usize = 64;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// Clock ticks after the machine's start.
    pub(crate) start: u64,
    /// The first 15 bytes of the program's name.
    pub(crate) name: String,
}

impl Process {
    pub(crate) fn holder(&self) -> Holder {
        Holder { pid: self.pid, start: self.start }
    }
}

/// What is known about processes.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    processes: HashMap<u32, Process>,
    pub(super) recent: Recent,
    pub(super) environments: Environments,
}

impl ProcessTable {
    /// Takes note of processes that have come and gone.
    pub(crate) fn refresh(&mut self) {
        let Ok(entries) = fs::read_dir("/proc") else { return };
        let pid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
        let pids: Vec<u32> = entries.flatten().filter_map(pid).collect();
        let mut known = std::mem::take(&mut self.processes);
        for pid in pids {
            if let Some(process) = known.remove(&pid).or_else(|| read(pid)) {
                self.processes.insert(pid, process);
            }
        }
    }

    /// Every process that is known, newest first.
    pub(crate) fn newest_first(&self) -> Vec<u32> {
        self.sorted(|_| true)
    }

    /// A process and its descendants, newest first.
    pub(crate) fn descendants(&self, root: u32) -> Vec<u32> {
        self.sorted(|pid| self.ancestors(pid).any(|ancestor| ancestor == root))
    }

    fn sorted(&self, belongs: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut found: Vec<_> = self.processes.values().filter(|one| belongs(one.pid)).collect();
        found.sort_by_key(|process| std::cmp::Reverse((process.start, process.pid)));
        found.iter().map(|process| process.pid).collect()
    }

    /// A process and those above it, as far as they are known.
    fn ancestors(&self, pid: u32) -> impl Iterator<Item = u32> {
        let parent = |pid: &u32| self.processes.get(pid).map(|process| process.parent);
        std::iter::successors(Some(pid), parent).take(DEPTH_MAX)
    }

    /// A process and those above it, up to the machine's first, read anew: numbers are used again.
    pub(crate) fn line(&mut self, pid: u32) -> Vec<Process> {
        let mut line = Vec::new();
        let mut next = pid;
        while line.len() < DEPTH_MAX && next > 1 {
            let Some(process) = read(next) else { break };
            next = process.parent;
            self.processes.insert(process.pid, process.clone());
            line.push(process);
        }
        line
    }
}

/// When a process started, unless it has ended.
#[cfg(target_os = "linux")]
pub(crate) fn start_of(pid: u32) -> Option<u64> {
    read(pid).map(|process| process.start)
}

/// Reads `/proc/<pid>/stat`. A process that has ended but is still listed has no more say.
fn read(pid: u32) -> Option<Process> {
    let stat = proc_file::read(&format!("/proc/{pid}/stat"))?;
    parse(pid, &String::from_utf8_lossy(&stat))
}

/// The name stands in parentheses and may hold anything, also parentheses (proc_pid_stat(5)).
fn parse(pid: u32, stat: &str) -> Option<Process> {
    let (_, behind) = stat.split_once('(')?;
    let (name, fields) = behind.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let is_over = matches!(*fields.first()?, "Z" | "X");
    let (parent, start) = (fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?);
    (!is_over).then(|| Process { pid, parent, start, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read_whole() {
        let stat = "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 1";
        let process = Process { pid: 42, parent: 7, start: 12_345, name: "a) b (c)".to_owned() };
        assert_eq!(parse(42, stat), Some(process));
        assert_eq!(parse(42, &stat.replace(" S ", " Z ")), None);
        assert_eq!(parse(42, "42 (short) S 7"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_a_descendant_of_its_parent() {
        let mut table = ProcessTable::default();
        table.refresh();
        let (own, parent) = (std::process::id(), std::os::unix::process::parent_id());
        assert!(table.descendants(parent).contains(&own));
        assert!(!table.descendants(own).contains(&parent));
        let line = table.line(own);
        assert_eq!((line[0].pid, line[0].parent), (own, parent));
        assert_eq!(start_of(own), Some(line[0].start));
    }
}
