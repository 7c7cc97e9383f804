//! Pages of a list, by key: what comes after the last one that was seen.
//!
//! In: `after`, which is the id of the last one, and `limit`. Out: as many, and the `next` to ask
//! for. A page is the same however much is added behind it; nothing is skipped or shown twice.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Code, Problem};

/// Which page of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the page before.
    #[param(max_length = 200)]
    pub after: Option<String>,
    /// How many, from 1 to 100.
    #[serde(default)]
    #[param(inline)]
    pub limit: Limit,
}

/// How many of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "i64")]
#[schema(value_type = i32, minimum = 1, maximum = 100, default = 50)]
pub struct Limit(i64);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<i64> for Limit {
    type Error = &'static str;

    fn try_from(limit: i64) -> Result<Self, Self::Error> {
        if (1..=100).contains(&limit) { Ok(Self(limit)) } else { Err("from 1 to 100") }
    }
}

impl PageQuery {
    /// What the page begins after.
    ///
    /// # Errors
    /// It is not of the form that this list gives.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let parsed = self.after.as_deref().map(str::parse).transpose();
        parsed.map_err(|_| Problem::new(Code::QueryInvalid).with("parameter", "after"))
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// The `after` of the next page; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Limit {
    /// How many to read: one more than is shown, to know whether that is all.
    pub fn to_read(self) -> i64 {
        self.0 + 1
    }
}

impl<T> Page<T> {
    /// A page of what was read for it, where `key` is what `after` takes.
    pub fn of(mut read: Vec<T>, limit: Limit, key: impl Fn(&T) -> String) -> Self {
        let shown = usize::try_from(limit.0).unwrap_or(usize::MAX);
        let more = read.len() > shown;
        read.truncate(shown);
        let next = if more { read.last().map(key) } else { None };
        Self { data: read, next }
    }
}
