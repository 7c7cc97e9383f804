//! The configuration of one project, with sense checked and paths resolved.
//!
//! In: a directory. Out: a [`Config`].
//!
//! **Invariant**: nothing is started or connected; a `Config` says what should be done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proofmark_pool::{Isolation, Migrations, Recipe};
use proofmark_proxy::Lane;

use super::error::ConfigError;
use super::file::{Database, EvidenceWanted, File, Postgres, ReportFormat, Version};
use super::gate::{FindingsConfig, GateConfig};
use super::{gate, unknown_key};

/// Returns between two complete comparisons, if the file does not say: they then cost about a
/// hundredth of what they cost each time.
const VERIFY_EVERY: u32 = 100;

/// The file that is looked for.
pub const FILE_NAME: &str = "proofmark.toml";

/// Which server to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerChoice {
    /// A private one, of this major version if one is named.
    Private {
        /// 14 to 18.
        major: Option<u16>,
    },
    /// One that the user points at.
    External {
        /// Its URL; may contain a password, so it is never printed.
        url: String,
        /// Where the URL was found, for messages.
        from: &'static str,
    },
}

/// Where the invariants of a database are declared, and whom they do not bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariants {
    /// A file, or a directory of files.
    pub path: PathBuf,
    /// Names of tests that may leave them broken; a `*` at the end stands for any rest.
    pub except: Vec<String>,
}

impl Invariants {
    /// Whether the database of `test` must keep them.
    pub fn bind(&self, test: &str) -> bool {
        !self.except.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => test.starts_with(start),
            None => test == pattern,
        })
    }
}

/// A project's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The directory of the file; relative paths are relative to it.
    pub root: PathBuf,
    /// What `proofmark run` runs.
    pub command: Vec<String>,
    /// Where it runs, if not in `root`: a command of the command line runs where it was typed.
    pub root_of_command: Option<PathBuf>,
    /// Where results go.
    pub output: PathBuf,
    /// Which server.
    pub server: ServerChoice,
    /// Hosts that are test servers although they are not on this machine.
    pub allow: Vec<String>,
    /// Additional settings of a private server.
    pub settings: Vec<(String, String)>,
    /// What each database is made from, by the name that the suite knows it by, in the order of
    /// the names.
    pub databases: BTreeMap<String, Recipe>,
    /// The invariants of a database, for those that have some.
    pub invariants: BTreeMap<String, Invariants>,
    /// The variable that carries each database's URL.
    pub url_variables: BTreeMap<String, String>,
    /// Variables that tell one test or worker from another.
    pub identity_env: Vec<String>,
    /// How tests of the library reach their databases under `proofmark run`, if they do not say.
    pub lane: Lane,
    /// What stands between two tests, where the server allows it.
    pub isolation: Isolation,
    /// Every how many returns a database is compared completely with its template; none: never.
    pub verify_every: Option<u32>,
    /// What is looked at besides promises.
    pub evidence: EvidenceWanted,
    /// Whether the databases are copies that count what becomes of the clauses of CHECKs and of
    /// the actions of foreign keys: `--deep`.
    pub deep: bool,
    /// Columns of states by database, besides those that the migrations declare as such.
    pub states: BTreeMap<String, Vec<String>>,
    /// How long a lease without a known process outlives its last connection, in milliseconds.
    pub grace_ms: u64,
    /// Bounds and names for the checks.
    pub findings: FindingsConfig,
    /// The rules by which a run is judged; none where the file has no `[gate]`.
    pub gate: Option<GateConfig>,
    /// The forms in which a run leaves its report, besides the text.
    pub report_formats: Vec<ReportFormat>,
}

impl Config {
    /// Reads the `proofmark.toml` of `start` or of the nearest directory above it, and the
    /// variables `PROOFMARK_SERVER_URL` and `DATABASE_URL` of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] when there is none, or something in it is wrong.
    pub fn find(start: &Path) -> Result<Self, ConfigError> {
        let path = start
            .ancestors()
            .map(|directory| directory.join(FILE_NAME))
            .find(|path| path.is_file())
            .ok_or_else(|| ConfigError::Missing { start: start.to_owned() })?;
        Self::read(&path)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`] when something in it is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text, &|name| std::env::var(name).ok())
    }

    pub(super) fn parse(
        path: &Path,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = file(path, text)?;
        let root = path.parent().unwrap_or(Path::new(".")).to_owned();
        let wrong = |key: &str, message: &str| ConfigError::Value {
            path: path.to_owned(),
            key: key.to_owned(),
            message: message.to_owned(),
        };
        if file.database.is_empty() {
            return Err(wrong(
                "database",
                "no database is described; help: add a section [database.NAME] with \
                 `migrations = \"...\"`",
            ));
        }
        if file.command.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("command", "is empty; help: name a program, or remove the key"));
        }
        let isolation =
            isolation(file.isolation.as_deref()).map_err(|message| wrong("isolation", &message))?;
        let mut databases = BTreeMap::new();
        let mut invariants = BTreeMap::new();
        let mut url_variables = BTreeMap::new();
        for (name, database) in &file.database {
            let key = format!("database.{name}");
            let recipe = recipe(&root, name, database)
                .map_err(|message| wrong(&format!("{key}.{}", message.0), &message.1))?;
            check_name(name).map_err(|message| wrong(&key, &message))?;
            databases.insert(name.clone(), recipe);
            invariants.extend(self::invariants(&root, database).map(|found| (name.clone(), found)));
            let variable = database.env.clone().unwrap_or_else(|| default_variable(&file, name));
            url_variables.insert(name.clone(), variable);
        }
        let server = server(&file.postgres, environment)
            .map_err(|message| wrong("postgres.version", &message))?;
        let at = |(key, message): (String, String)| wrong(&key, &message);
        let findings = gate::findings(file.findings).map_err(at)?;
        let gate = file.gate.as_ref().map(gate::gate).transpose().map_err(at)?;
        let settings = file.postgres.settings.iter();
        Ok(Self {
            command: file.command.unwrap_or_default(),
            root_of_command: None,
            output: root.join(file.output.unwrap_or_else(|| default_output(&root))),
            server,
            allow: allowed(file.postgres.allow, environment),
            settings: settings.map(|(name, value)| (name.clone(), value.to_string())).collect(),
            databases,
            invariants,
            url_variables,
            identity_env: file.identity.env,
            lane: file.lane,
            isolation,
            verify_every: Some(file.verify_every.unwrap_or(VERIFY_EVERY))
                .filter(|every| *every > 0),
            grace_ms: file.identity.grace_ms,
            evidence: file.evidence,
            deep: false,
            states: states(&file.database),
            findings,
            gate,
            report_formats: file.report.formats(),
            root,
        })
    }
}

/// The text as it is written, not yet checked for sense.
fn file(path: &Path, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let message = error.to_string();
        let suggestion = unknown_key::suggestion(&message);
        let message = format!("{}{suggestion}", message.trim_end());
        ConfigError::Syntax { path: path.to_owned(), message }
    })
}

/// The columns of states that a database names itself.
fn states(databases: &BTreeMap<String, Database>) -> BTreeMap<String, Vec<String>> {
    let some = databases.iter().filter(|(_, database)| !database.states.is_empty());
    some.map(|(name, database)| (name.clone(), database.states.clone())).collect()
}

/// What stands between two tests, by the word for it.
fn isolation(word: Option<&str>) -> Result<Isolation, String> {
    Ok(match word {
        None | Some("reset") => Isolation::Reset,
        Some("exact") => Isolation::Exact,
        Some("clone") => Isolation::Clone,
        Some(other) => {
            return Err(format!(
                "`{other}` is no way to isolate tests; help: \"reset\", \"exact\" or \"clone\""
            ));
        }
    })
}

/// `DATABASE_URL` for the only database, `SHOP_DATABASE_URL` where there are several.
fn default_variable(file: &File, name: &str) -> String {
    if file.database.len() == 1 {
        return "DATABASE_URL".to_owned();
    }
    let upper: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("{upper}_DATABASE_URL")
}

fn default_output(root: &Path) -> String {
    if root.join("Cargo.toml").is_file() { "target/proofmark" } else { ".proofmark" }.to_owned()
}

fn allowed(mut allow: Vec<String>, environment: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    if let Some(hosts) = environment("PROOFMARK_ALLOW_HOSTS") {
        allow.extend(hosts.split(',').map(|host| host.trim().to_owned()));
    }
    allow.retain(|host| !host.is_empty());
    allow
}

/// The name goes into URLs and before a `~`.
fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name == "proofmark" {
        return Err("is the name of Proofmark's own console; help: choose another".to_owned());
    }
    if name.is_empty() || name.len() > 63 || !name.chars().all(fits) {
        return Err("a database's name has 1 to 63 letters, digits, `_`, `-` or `.`".to_owned());
    }
    Ok(())
}

fn recipe(root: &Path, name: &str, database: &Database) -> Result<Recipe, (&'static str, String)> {
    let migrations = match (&database.migrate, &database.migrations) {
        (Some(argv), _) if argv.is_empty() => {
            return Err(("migrate", "is empty; help: name a program, or remove the key".into()));
        }
        (Some(argv), watched) => {
            let watch: Vec<PathBuf> =
                watched.iter().chain(&database.watch).map(|path| root.join(path)).collect();
            if watch.is_empty() {
                return Err((
                    "watch",
                    "is missing: Proofmark must know which files decide the schema; \
                     help: watch = [\"<directory of the migrations>\"]"
                        .into(),
                ));
            }
            Migrations::Command { argv: argv.clone(), watch }
        }
        (None, Some(path)) => {
            Migrations::Directory { path: root.join(path), format: database.format }
        }
        (None, None) => Migrations::None,
    };
    Ok(Recipe {
        database: name.to_owned(),
        migrations,
        seeds: database.seeds.iter().map(|path| root.join(path)).collect(),
        root: root.to_owned(),
    })
}

fn invariants(root: &Path, database: &Database) -> Option<Invariants> {
    let path = root.join(database.invariants.as_ref()?);
    Some(Invariants { path, except: database.invariants_except.clone() })
}

fn server(
    postgres: &Postgres,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<ServerChoice, String> {
    let named = environment("PROOFMARK_POSTGRES_VERSION").map(Version::Text);
    let major = match named.or_else(|| postgres.version.clone()) {
        None => None,
        Some(Version::Number(major)) => Some(major),
        Some(Version::Text(text)) => match text.trim().parse() {
            Ok(major) => Some(major),
            Err(_) => return Err(format!("`{text}` is not a major version; help: \"18\"")),
        },
    };
    if major.is_some_and(|major| !(14..=18).contains(&major)) {
        return Err("is not supported; help: 14, 15, 16, 17 or 18".to_owned());
    }
    let sources = [
        ("PROOFMARK_SERVER_URL", environment("PROOFMARK_SERVER_URL")),
        ("`url` in proofmark.toml", postgres.url.clone()),
        ("DATABASE_URL", environment("DATABASE_URL")),
    ];
    let given = sources.into_iter().find_map(|(from, url)| Some((from, url?)));
    Ok(match given {
        Some((_, url)) if url.is_empty() || url == "private" => ServerChoice::Private { major },
        Some((from, url)) => ServerChoice::External { url, from },
        None => ServerChoice::Private { major },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("/project/proofmark.toml"), text, &|_| None)
    }

    #[test]
    fn the_commented_example_is_itself_a_configuration() {
        let config = parse(super::super::EXAMPLE).unwrap();
        assert_eq!(config.command, ["cargo", "test"]);
        assert_eq!(config.server, ServerChoice::Private { major: None });
        let shop = &config.databases["shop"];
        assert!(matches!(&shop.migrations, Migrations::Directory { path, .. }
            if path == Path::new("/project/migrations")));
        assert_eq!(config.url_variables["shop"], "DATABASE_URL");
    }

    #[test]
    fn the_keys_that_are_commented_out_in_the_example_exist_and_have_that_default() {
        // Uncomments `# key = ...` and `# [section]` lines and what continues them; prose stays.
        let text: String = super::super::EXAMPLE
            .lines()
            .map(|line| {
                let bare = line.strip_prefix("# ").unwrap_or(line);
                let key = bare.split(" = ").next().unwrap_or_default();
                let is_key =
                    bare.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                let is_section = bare.starts_with('[') && bare.ends_with(']');
                let continued = line.starts_with("#        \"");
                match (is_key || is_section, continued) {
                    (true, _) => format!("{bare}\n"),
                    (_, true) => format!("{}\n", line.trim_start_matches('#')),
                    _ => format!("{line}\n"),
                }
            })
            .collect();
        let config = parse(&text).unwrap();
        assert!(matches!(config.server, ServerChoice::External { .. }));
        assert_eq!(config.settings, [("work_mem".to_owned(), "8MB".to_owned())]);
        assert_eq!(config.identity_env, super::super::file::Identity::default().env);
        assert_eq!(config.grace_ms, super::super::file::Identity::default().grace_ms);
        assert_eq!(config.allow, ["db.ci.internal"]);
        assert_eq!(config.invariants["shop"].path, Path::new("/project/invariants.sql"));
        assert!(!config.invariants["shop"].bind("shop::constraints::a_price_is_positive"));
    }

    #[test]
    fn the_reference_page_shows_the_example_as_it_is() {
        let page = include_str!("../../../../docs/reference/configuration.md");
        assert!(page.contains(super::super::EXAMPLE), "copy example.toml into the page");
    }

    #[test]
    fn an_exception_from_the_invariants_is_a_name_or_the_beginning_of_names() {
        let rules = Invariants { path: PathBuf::new(), except: vec!["a::b".into(), "c::*".into()] };
        for (test, bound) in [("a::b", false), ("a::bc", true), ("c::d::e", false), ("cc", true)] {
            assert_eq!(rules.bind(test), bound, "{test}");
        }
    }

    #[test]
    fn several_databases_have_a_variable_each() {
        let config = parse("[database.shop]\n[database.audit-log]\n").unwrap();
        assert_eq!(config.url_variables["shop"], "SHOP_DATABASE_URL");
        assert_eq!(config.url_variables["audit-log"], "AUDIT_LOG_DATABASE_URL");
    }

    #[test]
    fn mistakes_are_named_with_their_key_and_a_way_out() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("").contains("[database.NAME]"));
        assert!(said("comand = []\n[database.a]").contains("unknown field `comand`"));
        assert!(said("[postgres]\nversion = 13\n[database.a]").contains("14, 15, 16, 17 or 18"));
        assert!(said("[database.a]\nmigrate = [\"x\"]").contains("watch = ["));
        assert!(said("[database.proofmark]").contains("console"));
        assert!(said("[database.\"a b\"]").contains("letters, digits"));
        assert!(said("command = []\n[database.a]").contains("name a program"));
    }

    #[test]
    fn isolation_is_one_of_three_and_databases_are_compared_now_and_then() {
        let isolation = |line: &str| {
            parse(&format!("{line}\n[database.a]"))
                .map(|config| (config.isolation, config.verify_every))
        };
        let default = (Isolation::Reset, Some(100));
        assert_eq!(isolation("").unwrap(), default);
        assert_eq!(isolation("isolation = \"reset\"").unwrap(), default);
        assert_eq!(isolation("isolation = \"exact\"").unwrap().0, Isolation::Exact);
        assert_eq!(isolation("isolation = \"clone\"").unwrap().0, Isolation::Clone);
        assert_eq!(isolation("verify_every = 1").unwrap().1, Some(1));
        assert_eq!(isolation("verify_every = 0").unwrap().1, None);
        let wrong = isolation("isolation = \"rollback\"").unwrap_err().to_string();
        assert!(wrong.contains("isolation: `rollback`") && wrong.contains("\"exact\""), "{wrong}");
        assert!(isolation("verify_every = -1").unwrap_err().to_string().contains("verify_every"));
    }

    #[test]
    fn the_gate_is_there_only_if_the_file_has_it() {
        let gate = |text: &str| parse(&format!("[database.a]\n{text}")).map(|config| config.gate);
        assert_eq!(gate("").unwrap(), None);
        assert_eq!(gate("[gate]").unwrap(), Some(GateConfig::default()));
        let text = "[gate]\nnew_findings = 0\nchanged = 99.5\nsuite_s = 60\n\
                    refused = { check = 90, primary-key = 1, enum = 2 }\n\
                    [gate.accepted]\nforeign-key = 80";
        let expected = GateConfig {
            new_findings: Some(0),
            changed: Some(99.5),
            suite_s: Some(60),
            refused: [("check", 90.0), ("primary-key", 1.0), ("enum", 2.0)].into(),
            accepted: [("foreign-key", 80.0)].into(),
        };
        assert_eq!(gate(text).unwrap(), Some(expected));
        let wrong = |text: &str| gate(text).unwrap_err().to_string();
        let too_much = wrong("[gate.refused]\ncheck = 101");
        assert!(too_much.contains("gate.refused.check: 101 is no percentage"), "{too_much}");
        assert!(wrong("[gate]\nchanged = -1").contains("gate.changed"));
        assert!(wrong("[gate]\nnew_findings = -1").contains("new_findings"));
        let mistyped = wrong("[gate]\nnew_finding = 0");
        assert!(mistyped.contains("did you mean `new_findings`?"), "{mistyped}");
    }

    #[test]
    fn the_bounds_of_the_checks_are_left_to_them_unless_they_are_written() {
        let findings = |text: &str| parse(text).map(|config| config.findings);
        assert_eq!(findings("[database.a]").unwrap(), FindingsConfig::default());
        let text = "[database.a]\n[findings]\nslow_test_ms = 1\nslow_lease_ms = 2\n\
                    large_tables = [\"public.orders\"]";
        let expected = FindingsConfig {
            slow_test_ms: Some(1),
            slow_lease_ms: Some(2),
            large_tables: vec!["public.orders".to_owned()],
        };
        assert_eq!(findings(text).unwrap(), expected);
        let wrong = findings("[database.a]\n[findings]\nlarge_tables = [\"orders\"]");
        assert!(wrong.unwrap_err().to_string().contains("help: \"public.orders\""));
    }

    #[test]
    fn a_run_leaves_a_page_and_json_unless_the_file_names_other_formats() {
        let formats = |line: &str| {
            parse(&format!("[database.a]\n{line}")).map(|config| config.report_formats)
        };
        assert_eq!(formats("").unwrap(), [ReportFormat::Html, ReportFormat::Json]);
        let some = formats("[report]\nformats = [\"sarif\", \"lcov\"]").unwrap();
        assert_eq!(some, [ReportFormat::Sarif, ReportFormat::Lcov]);
        assert_eq!(formats("[report]\nformats = []").unwrap(), []);
        let wrong = formats("[report]\nformats = [\"pdf\"]").unwrap_err().to_string();
        assert!(wrong.contains("unknown variant `pdf`, expected one of `html`"), "{wrong}");
    }

    #[test]
    fn the_environment_s_url_is_used_unless_private_is_asked_for() {
        let with = |name: &'static str, value: &'static str| {
            Config::parse(Path::new("/p/proofmark.toml"), "[database.a]", &move |asked: &str| {
                (asked == name).then(|| value.to_owned())
            })
            .unwrap()
            .server
        };
        let external = with("DATABASE_URL", "postgresql://localhost/x");
        assert!(matches!(external, ServerChoice::External { from: "DATABASE_URL", .. }));
        assert_eq!(with("PROOFMARK_SERVER_URL", "private"), ServerChoice::Private { major: None });
        assert_eq!(
            with("PROOFMARK_POSTGRES_VERSION", "18"),
            ServerChoice::Private { major: Some(18) }
        );
    }
}
