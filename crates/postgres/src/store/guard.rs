//! Ends the server of a store when its process is killed.
//!
//! In: the server's number and data directory. Out: a [`Guard`], a shell that waits for the end of
//! a pipe which only this process holds open.
//!
//! **Invariant:** only a server on this data directory is ever sent a signal; it is asked to shut
//! down, never forced, so that the data needs no recovery.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
pid=$1
data=$2
while read -r _; do :; done
if [ -r /proc/self/cmdline ]; then
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -e "$data" || exit 0
else
    case $(ps -o command= -p "$pid") in
    *"-D $data") ;;
    *) exit 0 ;;
    esac
fi
echo "proofmark guard: the process that used this store is gone: ending its server" >&2
kill -s INT "$pid"
"#;

/// A shell that outlives this process.
#[derive(Debug)]
pub(super) struct Guard {
    child: Child,
    /// Closed when this process ends, for whatever reason.
    pipe: Option<ChildStdin>,
}

impl Guard {
    pub(super) fn spawn(pid: i32, data: &Path, log: File) -> io::Result<Guard> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(SCRIPT).arg("proofmark-guard").arg(pid.to_string()).arg(data);
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn()?;
        let pipe = child.stdin.take();
        Ok(Guard { child, pipe })
    }

    /// Ends the guard of a server that is gone.
    pub(super) fn dismiss(&mut self) {
        // Either it is our child still, or it has ended: both are fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.pipe = None;
    }
}
