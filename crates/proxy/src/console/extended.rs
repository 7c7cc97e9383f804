//! Prepared statements and portals of one console client.
//!
//! In go Parse, Bind, Describe and Close, out come their answers; Execute is the conversation's.
//! Main type: [`Extended`].
//!
//! **Invariant**: it keeps at most [`KEPT_MAX`] statements and as many portals.

use std::collections::HashMap;

use proofmark_wire::Malformed;
use proofmark_wire::backend::{Empty, ParameterDescription, TEXT_TYPE};
use proofmark_wire::frontend::{Bind, Close, Describe, Parse, Target};

use super::answer::describe;
use super::command::Command;
use super::commands::not_a_command;
use crate::frontend::OwnError;

const KEPT_MAX: usize = 256;

/// A prepared command.
#[derive(Debug, Clone)]
struct Prepared {
    command: Command,
    types: Vec<u32>,
}

/// A command with its parameters.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    pub(super) command: Command,
    pub(super) parameters: Vec<String>,
    formats: Vec<i16>,
}

#[derive(Debug, Default)]
pub(super) struct Extended {
    prepared: HashMap<Vec<u8>, Prepared>,
    portals: HashMap<Vec<u8>, Portal>,
}

impl Extended {
    pub(super) fn parse(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), OwnError> {
        let parse = Parse::parse(body).map_err(malformed)?;
        let text = text(parse.text)?;
        let command = Command::parse(text).map_err(|error| not_a_command(&error))?;
        let mut types = parse.parameter_types;
        types.resize(command.parameter_count().max(types.len()), 0);
        let known = |parameter_type| if parameter_type == 0 { TEXT_TYPE } else { parameter_type };
        let types = types.into_iter().map(known).collect();
        keep(&mut self.prepared, parse.name, Prepared { command, types })?;
        Empty::ParseComplete.write(out);
        Ok(())
    }

    pub(super) fn bind(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), OwnError> {
        let bind = Bind::parse(body).map_err(malformed)?;
        let prepared = self.prepared.get(bind.statement).ok_or_else(no_statement)?;
        let parameters = bind
            .parameters
            .iter()
            .map(|value| text(value.ok_or_else(null)?).map(str::to_owned))
            .collect::<Result<_, _>>()?;
        let command = prepared.command.clone();
        let portal = Portal { command, parameters, formats: bind.result_formats };
        keep(&mut self.portals, bind.portal, portal)?;
        Empty::BindComplete.write(out);
        Ok(())
    }

    pub(super) fn describe(&self, body: &[u8], out: &mut Vec<u8>) -> Result<(), OwnError> {
        let Describe { target, name } = Describe::parse(body).map_err(malformed)?;
        let has_rows = match target {
            Target::Statement => {
                let prepared = self.prepared.get(name).ok_or_else(no_statement)?;
                ParameterDescription { types: prepared.types.clone() }.write(out);
                describe(prepared.command.columns(), &[], out)
            }
            Target::Portal => {
                let portal = self.portal(name)?;
                describe(portal.command.columns(), &portal.formats, out)
            }
        };
        if !has_rows {
            Empty::NoData.write(out);
        }
        Ok(())
    }

    pub(super) fn close(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), OwnError> {
        let Close { target, name } = Close::parse(body).map_err(malformed)?;
        match target {
            Target::Statement => drop(self.prepared.remove(name)),
            Target::Portal => drop(self.portals.remove(name)),
        }
        Empty::CloseComplete.write(out);
        Ok(())
    }

    pub(super) fn portal(&self, name: &[u8]) -> Result<&Portal, OwnError> {
        self.portals.get(name).ok_or_else(|| {
            OwnError::error("34000", "there is no such portal", "bind it before it is run")
        })
    }
}

fn keep<T>(kept: &mut HashMap<Vec<u8>, T>, name: &[u8], value: T) -> Result<(), OwnError> {
    if kept.len() >= KEPT_MAX && !kept.contains_key(name) {
        let message = format!("the console keeps {KEPT_MAX} statements and portals at most");
        return Err(OwnError::error("53400", message, "close those that are no longer used"));
    }
    kept.insert(name.to_vec(), value);
    Ok(())
}

/// The error for a message that cannot be read.
pub(super) fn malformed(error: Malformed) -> OwnError {
    OwnError::error("08P01", error.to_string(), "the driver sent what the protocol does not allow")
}

/// Text of a statement or parameter.
pub(super) fn text(bytes: &[u8]) -> Result<&str, OwnError> {
    std::str::from_utf8(bytes)
        .map_err(|_| OwnError::error("22021", "a text is not UTF-8", "set client_encoding to UTF8"))
}

fn no_statement() -> OwnError {
    OwnError::error("26000", "there is no such prepared statement", "prepare it first")
}

fn null() -> OwnError {
    OwnError::error("22004", "a parameter is NULL", "bind a text to every parameter")
}
