//! What the process itself uses, as Linux tells it.
//!
//! In: `/proc/self`. Out: [`Usage`]; none on a system without it.

use std::fs;

/// Memory, processor time and files of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    pub(super) resident_bytes: i64,
    pub(super) cpu_seconds: f64,
    pub(super) open_files: i64,
}

/// The unit of processor time in `/proc`, USER_HZ, is 100 on every architecture that Rust's
/// standard library runs on.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn usage() -> Option<Usage> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = resident.trim().trim_end_matches("kB").trim().parse().ok()?;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    // proc(5): 14 utime, 15 stime; the first two fields are before the name's end.
    let mut times = after_name.split(' ').skip(11).take(2).map(str::parse::<f64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    let files = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(Usage {
        resident_bytes: kilobytes * 1024,
        cpu_seconds: ticks / TICKS_PER_SECOND,
        open_files: i64::try_from(files).ok()?,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_uses_something() {
        let usage = super::usage().expect("/proc");
        assert!(usage.resident_bytes > 100_000, "{usage:?}");
        assert!(usage.open_files >= 3, "{usage:?}");
    }
}
