//! `INVALID_CONNECTOR_ID_NAME`, `DUPLICATE_ID_NAME`.

use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// An id is a GraphQL name, unique in the file.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    let mut seen = Vec::new();
    for connector in context.connectors {
        let Some(id) = connector.block.text("id") else { continue };
        let is_name = id.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && id.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            let message = format!("connector id \"{}\" is not a GraphQL name", id.value);
            let help = "a name begins with a letter or _ and goes on with letters, digits and _";
            findings.push(Diagnostic::error("INVALID_CONNECTOR_ID_NAME", message).at(id.span).help(help));
        }
        match seen.iter().find(|(known, _)| *known == id.value) {
            Some((_, first)) => {
                let message = format!("connector id \"{}\" is used twice", id.value);
                findings
                    .push(Diagnostic::error("DUPLICATE_ID_NAME", message).at(id.span).label(*first, "used here first"));
            }
            None => seen.push((id.value, id.span)),
        }
    }
}
