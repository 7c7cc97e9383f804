//! A server that the user points at instead of a private one.
//!
//! In: a connection string and the hosts that the user allows. Out: an [`External`], or an
//! [`ExternalError`] that says why it was refused.
//!
//! **Invariant:** only looks at the text: no name is resolved, no connection is made. A password
//! never gets into an error or into `Debug`.

use std::fmt;
use std::net::IpAddr;

/// Where a server of the user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Unix socket in this directory.
    Socket(String),
    /// A host name or address on this machine.
    Loopback(String),
    /// Another machine, which the user allowed by name.
    Allowed(String),
}

/// A connection string that may be used.
#[derive(Clone, PartialEq, Eq)]
pub struct External {
    url: String,
    places: Vec<Place>,
}

impl External {
    /// The connection string as it was given, password and all.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every host that it names.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("External").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Why a server of the user is not used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExternalError {
    /// It is on another machine.
    #[error(
        "the server at {host} is not on this machine and is not marked as a test server; \
         nothing was touched"
    )]
    NotAllowed {
        /// The host.
        host: String,
    },
    /// The host cannot be known from the text.
    #[error("the connection string names no host; nothing was touched")]
    NoHost,
    /// The text is neither of libpq's two forms of connection strings.
    #[error("the connection string cannot be read: {reason}; nothing was touched")]
    Unreadable {
        /// What is wrong with it, without quoting it.
        reason: &'static str,
    },
}

impl ExternalError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            ExternalError::NotAllowed { host } => format!(
                "if that server exists for tests, allow it by name: `allow = [\"{host}\"]` under \
                 [postgres] in proofmark.toml; or leave the URL out and let proofmark start its own"
            ),
            ExternalError::NoHost => "write the host into it, for example \
                                      postgresql://user@localhost:5432/database"
                .to_owned(),
            ExternalError::Unreadable { .. } => "use the form \
                                                 postgresql://user:password@host:port/database"
                .to_owned(),
        }
    }
}

/// Judges a connection string: a URL or libpq's `keyword=value` form, see "Connection Strings" in
/// the documentation of libpq. Every host in it must be on this machine or in `allow`.
///
/// # Errors
/// [`ExternalError`]; the text of the error never contains a password.
pub fn check(url: &str, allow: &[String]) -> Result<External, ExternalError> {
    let text = url.trim();
    let hosts = match text.split_once("://") {
        Some(("postgres" | "postgresql", rest)) => hosts_of_url(rest)?,
        Some((scheme, _)) if !scheme.contains('=') => {
            return unreadable("its scheme is not postgresql");
        }
        _ => hosts_of_keywords(text)?,
    };
    let hosts: Vec<String> = hosts.into_iter().filter(|host| !host.is_empty()).collect();
    if hosts.is_empty() {
        return Err(ExternalError::NoHost);
    }
    let places: Result<Vec<Place>, _> = hosts.iter().map(|host| place(host, allow)).collect();
    Ok(External { url: url.to_owned(), places: places? })
}

fn unreadable<T>(reason: &'static str) -> Result<T, ExternalError> {
    Err(ExternalError::Unreadable { reason })
}

/// 127.0.0.0/8 and ::1 are loopback by RFC 1122 and RFC 4291, `localhost` by RFC 6761.
fn place(host: &str, allow: &[String]) -> Result<Place, ExternalError> {
    // libpq: a path, or a name in the abstract namespace of Linux.
    if host.starts_with('/') || host.starts_with('@') {
        return Ok(Place::Socket(host.to_owned()));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let local = bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    if local {
        return Ok(Place::Loopback(bare.to_owned()));
    }
    if allow.iter().any(|allowed| allowed.eq_ignore_ascii_case(bare)) {
        return Ok(Place::Allowed(bare.to_owned()));
    }
    Err(ExternalError::NotAllowed { host: bare.to_owned() })
}

/// `[user[:password]@][host[:port][,...]][/database][?keyword=value[&...]]`
fn hosts_of_url(rest: &str) -> Result<Vec<String>, ExternalError> {
    // libpq and the URL parsers of other drivers disagree about what these mean.
    if rest.chars().any(|c| c == '#' || c == '\\' || c.is_whitespace() || c.is_control()) {
        return unreadable("write # as %23, a backslash as %5C and blanks as %20");
    }
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = before.split('/').next().unwrap_or_default();
    if authority.matches('@').count() > 1 {
        return unreadable("it has two @ before the host; write %40 in the password");
    }
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let mut found = Vec::new();
    for host in hosts.split(',') {
        found.push(percent_decode(without_port(host)?)?);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((keyword, value)) = pair.split_once('=') else {
            return unreadable("a parameter after the question mark has no value");
        };
        note_keyword(&percent_decode(keyword)?, &percent_decode(value)?, &mut found)?;
    }
    Ok(found)
}

fn without_port(host: &str) -> Result<&str, ExternalError> {
    if host.starts_with('[') {
        return match host.find(']') {
            Some(end) => Ok(&host[..=end]),
            None => unreadable("an address in brackets is not closed"),
        };
    }
    Ok(host.split(':').next().unwrap_or_default())
}

/// A connection goes to `hostaddr` when there is one, whatever `host` says; both must be fine.
/// A service file is out of sight here.
fn note_keyword(keyword: &str, value: &str, found: &mut Vec<String>) -> Result<(), ExternalError> {
    match keyword {
        "host" | "hostaddr" => found.extend(value.split(',').map(str::to_owned)),
        "service" => return unreadable("it refers to a service file"),
        _ => {}
    }
    Ok(())
}

fn percent_decode(text: &str) -> Result<String, ExternalError> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let Some(byte) = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) else {
            return unreadable("a percent sign is not followed by two hexadecimal digits");
        };
        bytes.push(byte);
        rest = &after[2..];
    }
    String::from_utf8(bytes).or_else(|_| unreadable("it is not UTF-8 once decoded"))
}

/// `keyword = value`, values with blanks in single quotes, backslash escapes.
fn hosts_of_keywords(text: &str) -> Result<Vec<String>, ExternalError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((keyword, after)) = rest.split_once('=') else {
            return unreadable("it is neither a URL nor a list of keyword=value");
        };
        let keyword = keyword.trim();
        if keyword.is_empty() || keyword.contains(char::is_whitespace) {
            return unreadable("it is neither a URL nor a list of keyword=value");
        }
        let (value, after) = keyword_value(after.trim_start())?;
        note_keyword(keyword, &value, &mut found)?;
        rest = after.trim_start();
    }
    Ok(found)
}

fn keyword_value(text: &str) -> Result<(String, &str), ExternalError> {
    let (quoted, text) = text.strip_prefix('\'').map_or((false, text), |inner| (true, inner));
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        return unreadable("a quoted value is not closed");
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests;
