//! Messages that a server sends, read from the server and written by the console.
//!
//! In goes a body, out comes a message that borrows from it; or the other way round.
//!
//! **Invariant**: values are bytes; nothing here knows what a type's text means.

mod authentication;
mod backend_key_data;
mod command_complete;
mod copy_response;
mod data_row;
mod empty;
mod error_response;
mod negotiate_protocol_version;
mod notification_response;
mod parameter_description;
mod parameter_status;
mod ready_for_query;
mod row_description;

pub use authentication::Authentication;
pub use backend_key_data::BackendKeyData;
pub use command_complete::CommandComplete;
pub use copy_response::CopyResponse;
pub use data_row::DataRow;
pub(crate) use data_row::write_value;
pub use empty::Empty;
pub use error_response::{ErrorFields, ErrorResponse, Severity};
pub use negotiate_protocol_version::NegotiateProtocolVersion;
pub use notification_response::NotificationResponse;
pub use parameter_description::ParameterDescription;
pub use parameter_status::ParameterStatus;
pub use ready_for_query::ReadyForQuery;
pub use row_description::{ColumnDescription, RowDescription, TEXT_TYPE};
