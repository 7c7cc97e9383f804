//! What can be asked for, and the help that says so.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Args, Parser, Subcommand, ValueEnum};
use shop::payment::inbound::NoticeSecrets;
use shop::telemetry::log::{DEFAULT_FILTER, Format};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// A commerce core whose money and stock cannot go wrong.
#[derive(Debug, Parser)]
#[command(
    name = "shop",
    version,
    styles = STYLES,
    max_term_width = 100,
    subcommand_help_heading = "Commands",
    after_help = "Begin with `shop serve`: it brings its own PostgreSQL, prints a first API key, and \
                  says where the API, its documentation and the admin page are."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) logs: Logs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the service: API, admin page and worker.
    #[command(after_help = "Ctrl-C or SIGTERM: takes no more requests, finishes those it has and \
                            the steps of the worker, then stops. A second one stops at once; \
                            nothing is lost by that either.")]
    Serve(Serve),
    /// Run the worker alone, beside a service that runs elsewhere.
    Worker(Worker),
    /// Bring the database to this program's schema.
    Migrate(Migrate),
    /// Fill the shop with a believable catalogue, customers, orders and payments.
    Seed(Seed),
    /// Ask every invariant of the database; exit code 10 if one is broken.
    Check(Check),
    /// Make, list, rotate and revoke API keys.
    Keys(Keys),
    /// Print the OpenAPI document of the API.
    Openapi,
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct Where {
    /// The database to use; without one, the shop runs a PostgreSQL of its own.
    #[arg(long, global = true, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Where that PostgreSQL keeps its data [default: the user's data directory].
    #[arg(long, global = true, env = "SHOP_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// How many connections may be open at once.
    #[arg(long, global = true, default_value_t = 16, value_name = "N")]
    pub(crate) connections: u32,
}

/// What is logged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct Logs {
    /// How lines of log are written, to standard error.
    #[arg(long, global = true, value_enum, default_value = "text", env = "SHOP_LOG_FORMAT")]
    pub(crate) log_format: Format,
    /// What is logged, such as `info,shop=debug`.
    #[arg(long, global = true, env = "SHOP_LOG")]
    #[arg(default_value = DEFAULT_FILTER, hide_default_value = true)]
    pub(crate) log: String,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the API listens; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Where the admin page listens: on this machine only.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    pub(crate) admin: SocketAddr,
    /// What payment providers sign their news with: `provider=secret`, separated by commas.
    #[arg(long, env = "SHOP_PROVIDER_SECRETS", hide_env_values = true, value_name = "SECRETS")]
    pub(crate) provider_secrets: Option<NoticeSecrets>,
    /// Leave the worker to `shop worker`.
    #[arg(long)]
    pub(crate) no_worker: bool,
    #[command(flatten)]
    pub(crate) outgoing: Outgoing,
    #[command(flatten)]
    pub(crate) database: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    pub(crate) outgoing: Outgoing,
    #[command(flatten)]
    pub(crate) database: Where,
}

/// Where webhooks may go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Webhooks")]
pub(crate) struct Outgoing {
    /// Let webhooks go to private and loopback addresses too, such as a receiver on this machine.
    #[arg(long, env = "SHOP_WEBHOOKS_TO_PRIVATE")]
    pub(crate) webhooks_to_private: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Only say what is missing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) database: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// How many rows to show of each invariant that is broken.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) rows: u32,
    #[command(flatten)]
    pub(crate) database: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// How much.
    #[arg(long, value_enum, default_value = "small")]
    pub(crate) size: Size,
    /// The same number gives the same shop.
    #[arg(long = "seed", default_value_t = 1, value_name = "NUMBER")]
    pub(crate) number: u64,
    #[command(flatten)]
    pub(crate) database: Where,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    /// 24 products, 40 customers, 60 orders: seconds.
    Small,
    /// 1,000 products, 5,000 customers, 2,000 orders: a minute or two.
    Large,
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) verb: KeyVerb,
    #[command(flatten)]
    pub(crate) database: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Make a key and show it, this once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do, such as `orders.read`; may be repeated. Without any: everything.
        #[arg(long)]
        scope: Vec<String>,
        /// For how many days it works; without this, until it is revoked.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Show all keys, never their secrets.
    List,
    /// End a key at once.
    Revoke {
        /// Its id, as `list` shows it.
        key: String,
    },
    /// Make the key that takes the place of another; both work for a while.
    Rotate {
        /// The id of the old one, as `list` shows it.
        key: String,
        /// For how many hours the old one still works.
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
}
