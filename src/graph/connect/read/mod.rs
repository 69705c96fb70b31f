//! From directives to drafts: everything that can be understood, with findings about the rest.

mod connector;
mod implicit;
mod reader;
mod request;
mod source;

pub(super) use connector::{ConnectorDraft, connectors};
pub(super) use reader::Reader;
pub(super) use source::{SourceDraft, sources};
