//! What the suite finds in its environment.
//!
//! In: the proxy's port and the databases. Out: variables to set and to remove.
//!
//! **Invariant**: no variable that could lead a client past the proxy survives.

use proofmark::config::Config;

/// Variables that would override or contradict the ones that are set. The list is that of
/// libpq's documentation ("Environment Variables"), less what does not choose a server.
const REMOVED: [&str; 12] = [
    "PGHOSTADDR",
    "PGPASSWORD",
    "PGSERVICE",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGREQUIRESSL",
    "PGCHANNELBINDING",
    "PGREQUIREAUTH",
    "PGGSSENCMODE",
    "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS",
    "PGREQUIREPEER",
];

/// The suite's view of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) set: Vec<(String, String)>,
    pub(super) removed: &'static [&'static str],
}

impl Environment {
    /// For a proxy on `port`, reached as `user`, in the run called `run`.
    pub(super) fn new(config: &Config, port: u16, user: &str, run: &str) -> Self {
        let url = |database: &str| format!("postgresql://{user}@127.0.0.1:{port}/{database}");
        let mut set = vec![
            ("PGHOST".to_owned(), "127.0.0.1".to_owned()),
            ("PGPORT".to_owned(), port.to_string()),
            ("PGUSER".to_owned(), user.to_owned()),
            ("PROOFMARK_URL".to_owned(), url("proofmark")),
            ("PROOFMARK_RUN".to_owned(), run.to_owned()),
        ];
        for (place, name) in config.databases.keys().enumerate() {
            if place == 0 {
                set.push(("PGDATABASE".to_owned(), name.clone()));
                set.push(("DATABASE_URL".to_owned(), url(name)));
            }
            let variable = &config.url_variables[name];
            set.retain(|(set, _)| set != variable);
            set.push((variable.clone(), url(name)));
        }
        Self { set, removed: &REMOVED }
    }
}
