//! Who runs the server: PostgreSQL refuses to run as root.
//!
//! In: binaries and a run root. Out: an [`Account`] that was seen to work, which is then applied
//! to commands and to the files that the server must own.
//!
//! **Invariant:** an account is tried before it is used, with the program that it is for and in
//! the place where it will work.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use nix::unistd::{User, geteuid};

use crate::Installation;
use crate::copy::copy_tree;

/// The account that a server runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The account of this process, which is not root.
    Own,
    /// Root gives up its rights and becomes this user.
    User {
        /// Numeric user id.
        uid: u32,
        /// Numeric group id.
        gid: u32,
    },
    /// A user namespace without a map: in there we are `nobody`, without a name of our own and
    /// without rights, while our files stay our own. For root, and for a user without a name.
    Namespace,
}

/// Why root can run no server here.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL refuses to run as root, and no other way to run it worked: {refusals}")]
pub struct AccountError {
    refusals: String,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Own => f.write_str("as ourselves"),
            Account::User { uid, .. } => write!(f, "as user {uid}"),
            Account::Namespace => f.write_str("in a user namespace"),
        }
    }
}

impl AccountError {
    /// What to do about it.
    pub fn help(&self) -> String {
        "run as an ordinary user, or give root CAP_SETUID, CAP_SETGID and CAP_CHOWN (container \
         engines do by default) with binaries that every user can read, or allow user namespaces"
            .to_owned()
    }
}

/// What worked before, by directory of binaries and run root; a probe takes about 5 ms.
static WORKED: Mutex<Vec<(PathBuf, PathBuf, Account)>> = Mutex::new(Vec::new());

impl Account {
    /// The first account that works with these binaries in the directory `base`, and the binaries
    /// to use: those in `copy`, made now, where the account cannot reach the original, which may
    /// be in the home of root.
    pub(crate) fn settle(
        binaries: &Installation,
        base: &Path,
        copy: &Path,
        forced: Option<Account>,
    ) -> Result<(Account, Installation), AccountError> {
        if forced.is_none() && !geteuid().is_root() {
            return Ok((Account::of_ourselves(binaries, base), binaries.clone()));
        }
        let bin_dir = binaries.bin_dir();
        let mut worked = WORKED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = worked.iter().find(|(dir, root, _)| dir == bin_dir && root == base);
        if let (Some((.., account)), None) = (known, forced) {
            return Ok((*account, binaries.clone()));
        }
        let (user, namespace) = (Account::unprivileged(), Account::Namespace);
        let candidates = forced.map_or_else(|| vec![user, namespace], |account| vec![account]);
        let mut refusals = Vec::new();
        for account in candidates.iter().copied() {
            match account.attempt(binaries, base) {
                Ok(()) => {
                    worked.push((bin_dir.to_path_buf(), base.to_path_buf(), account));
                    return Ok((account, binaries.clone()));
                }
                Err(why) => refusals.push(format!("{account}: {why}")),
            }
        }
        if candidates.contains(&user) && binaries.is_fetched() {
            match user.stage(binaries, copy) {
                Ok(staged) => return Ok((user, staged)),
                Err(why) => refusals.push(format!("{user} with a copy of the programs: {why}")),
            }
        }
        Err(AccountError { refusals: refusals.join("; ") })
    }

    /// An ordinary user runs the server as itself. A number without a name, as some container
    /// platforms give, is nobody to initdb, which asks for the name; in a namespace it is `nobody`.
    fn of_ourselves(binaries: &Installation, base: &Path) -> Account {
        let named = User::from_uid(geteuid()).is_ok_and(|user| user.is_some());
        if !named && Account::Namespace.attempt(binaries, base).is_ok() {
            return Account::Namespace;
        }
        Account::Own
    }

    /// The account that owns these files already, where root chose it earlier.
    pub(crate) fn owner_of(data: &Path) -> Option<Account> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = data.metadata().ok().filter(|_| geteuid().is_root())?;
        Some(match metadata.uid() {
            0 => Account::Namespace,
            uid => Account::User { uid, gid: metadata.gid() },
        })
    }

    /// Copies a fetched server, which is complete in one directory and runs from anywhere.
    fn stage(self, binaries: &Installation, copy: &Path) -> Result<Installation, String> {
        let tree = binaries.bin_dir().parent().ok_or("the programs have no directory")?;
        if !copy.exists() {
            copy_tree(tree, copy, self).map_err(|error| error.to_string())?;
        }
        let staged = binaries.moved_to(copy.join("bin"));
        self.attempt(&staged, copy.parent().unwrap_or(Path::new("/"))).map(|()| staged)
    }

    /// The user `postgres`, else `nobody`, else the number that stands for nobody on Linux.
    pub(crate) fn unprivileged() -> Account {
        let known = ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .filter(|user| !user.uid.is_root());
        let (uid, gid) =
            known.map_or((65534, 65534), |user| (user.uid.as_raw(), user.gid.as_raw()));
        Account::User { uid, gid }
    }

    /// Runs the server program under this account inside a directory that the account owns.
    fn attempt(self, binaries: &Installation, base: &Path) -> Result<(), String> {
        let dir = tempfile::Builder::new().prefix("probe-").tempdir_in(base);
        let dir = dir.map_err(|error| error.to_string())?;
        self.own(dir.path()).map_err(|error| format!("changing the owner: {error}"))?;
        let mut command = Command::new(binaries.program("postgres"));
        command.arg("--version").current_dir(dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        self.apply(&mut command);
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("failed").to_owned())
    }

    /// Makes `command` run under this account.
    pub(crate) fn apply(self, command: &mut Command) {
        match self {
            Account::Own => {}
            Account::User { uid, gid } => {
                command.gid(gid).uid(uid);
            }
            Account::Namespace => enter_namespace(command),
        }
    }

    /// Gives the file or directory itself, not what it contains, to this account.
    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        match self {
            Account::Own | Account::Namespace => Ok(()),
            Account::User { uid, gid } => lchown(path, Some(uid), Some(gid)),
        }
    }

    /// Makes a directory that only this account (and root) may enter.
    pub(crate) fn make_private_dir(self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().mode(0o700).create(path)?;
        self.own(path)
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a closure between fork and exec; it makes one system call")]
fn enter_namespace(command: &mut Command) {
    use nix::sched::{CloneFlags, unshare};
    // SAFETY: unshare(2) is async-signal-safe and the closure neither allocates nor locks.
    unsafe {
        command.pre_exec(|| unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from));
    }
}

#[cfg(not(target_os = "linux"))]
fn enter_namespace(command: &mut Command) {
    // There are none: the attempt then fails as PostgreSQL's own refusal does.
    let _ = command;
}
