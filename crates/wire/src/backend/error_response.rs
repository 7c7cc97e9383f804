//! ErrorResponse and NoticeResponse: coded fields, each a letter and a text.
//!
//! In goes a body (that may have been cut), out come the fields; or an error of Proofmark's own
//! goes in and its bytes come out. Main types: [`ErrorFields`], [`ErrorResponse`].
//!
//! **Invariant**: detail and message can hold values of rows; nothing here copies or prints them.

use crate::frame::{frame, string};
use crate::{Cursor, tag};

/// How bad it is, independent of the server's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The statement failed.
    Error,
    /// The session ends.
    Fatal,
    /// The server ends every session.
    Panic,
    /// A notice of some kind.
    Notice,
}

/// The fields of an error or notice, borrowed from its body.
///
/// Field codes: "Error and Notice Message Fields" in the PostgreSQL documentation.
#[derive(Clone, Copy)]
pub struct ErrorFields<'a> {
    body: &'a [u8],
}

impl std::fmt::Debug for ErrorFields<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ErrorFields").field("sqlstate", &self.sqlstate()).finish()
    }
}

impl<'a> ErrorFields<'a> {
    /// The fields of a body; a field that was cut is left out.
    pub fn new(body: &'a [u8]) -> Self {
        Self { body }
    }

    /// Every field: its code and its text.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut cursor = Cursor::new(self.body);
        std::iter::from_fn(move || {
            let code = cursor.byte("code of a field").ok().filter(|code| *code != 0)?;
            Some((code, cursor.string("text of a field").ok()?))
        })
    }

    /// The text of the field with this code.
    pub fn field(&self, code: u8) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == code).map(|(_, text)| text)
    }

    fn text(&self, code: u8) -> Option<&'a str> {
        std::str::from_utf8(self.field(code)?).ok()
    }

    /// Severity, from the field that is never translated (since PostgreSQL 9.6).
    pub fn severity(&self) -> Severity {
        match self.field(b'V').or_else(|| self.field(b'S')) {
            Some(b"ERROR") => Severity::Error,
            Some(b"FATAL") => Severity::Fatal,
            Some(b"PANIC") => Severity::Panic,
            _ => Severity::Notice,
        }
    }

    /// The five-character code of the condition.
    pub fn sqlstate(&self) -> Option<&'a str> {
        self.text(b'C')
    }

    /// The message for people. May hold values.
    pub fn message(&self) -> Option<&'a [u8]> {
        self.field(b'M')
    }

    /// The detail. Holds values of rows.
    pub fn detail(&self) -> Option<&'a [u8]> {
        self.field(b'D')
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'a [u8]> {
        self.field(b'H')
    }

    /// Schema of the object.
    pub fn schema(&self) -> Option<&'a str> {
        self.text(b's')
    }

    /// Table of the object.
    pub fn table(&self) -> Option<&'a str> {
        self.text(b't')
    }

    /// Column of the table.
    pub fn column(&self) -> Option<&'a str> {
        self.text(b'c')
    }

    /// Data type of the object, such as a domain.
    pub fn datatype(&self) -> Option<&'a str> {
        self.text(b'd')
    }

    /// Constraint, or the index that stands for one.
    pub fn constraint(&self) -> Option<&'a str> {
        self.text(b'n')
    }

    /// Routine of the server's source that reported it. Never translated.
    pub fn routine(&self) -> Option<&'a str> {
        self.text(b'R')
    }
}

/// An error that Proofmark itself gives to a client.
#[derive(Debug, Clone, Copy)]
pub struct ErrorResponse<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// The five-character code of the condition.
    pub sqlstate: &'a str,
    /// The message.
    pub message: &'a str,
    /// What to do about it.
    pub hint: &'a str,
    /// Who reports it, in place of a routine of the server.
    pub routine: &'a str,
}

impl ErrorResponse<'_> {
    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let severity = match self.severity {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
            Severity::Notice => "NOTICE",
        };
        let fields = [
            (b'S', severity),
            (b'V', severity),
            (b'C', self.sqlstate),
            (b'M', self.message),
            (b'H', self.hint),
            (b'R', self.routine),
        ];
        frame(out, tag::backend::ERROR_RESPONSE, |body| {
            for (code, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
                body.push(*code);
                string(body, text.as_bytes());
            }
            body.push(0);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"SFEHLER\0VERROR\0C23514\0Mdoes not fit\0DFailing row contains (1).\0\
                          spublic\0trefund\0nrefund_amount_positive\0RExecConstraints\0\0";

    #[test]
    fn fields_are_found_by_their_code() {
        let fields = ErrorFields::new(BODY);
        assert_eq!(fields.severity(), Severity::Error);
        assert_eq!(fields.sqlstate(), Some("23514"));
        assert_eq!((fields.schema(), fields.table()), (Some("public"), Some("refund")));
        assert_eq!((fields.column(), fields.datatype()), (None, None));
        assert_eq!(fields.constraint(), Some("refund_amount_positive"));
        assert_eq!(fields.routine(), Some("ExecConstraints"));
        assert_eq!(fields.detail(), Some(&b"Failing row contains (1)."[..]));
    }

    #[test]
    fn a_cut_field_is_left_out() {
        let fields = ErrorFields::new(&BODY[..BODY.len() - 10]);
        assert_eq!(fields.constraint(), Some("refund_amount_positive"));
        assert_eq!(fields.routine(), None);
    }

    #[test]
    fn an_own_error_is_read_back() {
        let error = ErrorResponse {
            severity: Severity::Fatal,
            sqlstate: "3D000",
            message: "proofmark: no such database",
            hint: "ask for another",
            routine: "proofmark_proxy",
        };
        let mut bytes = Vec::new();
        error.write(&mut bytes);
        let fields = ErrorFields::new(&bytes[5..]);
        assert_eq!(fields.severity(), Severity::Fatal);
        assert_eq!(fields.message(), Some(&b"proofmark: no such database"[..]));
        assert_eq!(fields.hint(), Some(&b"ask for another"[..]));
        assert_eq!(fields.routine(), Some("proofmark_proxy"));
    }

    #[test]
    fn values_are_not_printed() {
        assert_eq!(
            format!("{:?}", ErrorFields::new(BODY)),
            r#"ErrorFields { sqlstate: Some("23514") }"#
        );
    }
}
