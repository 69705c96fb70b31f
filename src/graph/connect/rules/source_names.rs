//! `EMPTY_SOURCE_NAME`, `INVALID_SOURCE_NAME`, `DUPLICATE_SOURCE_NAME`.

use crate::graph::connect::text::inside;
use crate::platform::base::diagnostic::Diagnostic;

use super::Context;

/// Characters a source's name may have at most.
const MAX_LENGTH: usize = 64;

/// A name starts with a letter, goes on with letters, digits, `_` and `-`, and is unique.
pub fn check(context: &Context<'_>, findings: &mut Vec<Diagnostic>) {
    let names: Vec<_> = context.sources.iter().filter_map(|source| source.name.as_ref()).collect();
    for (index, name) in names.iter().enumerate() {
        let wrong = |(at, c): &(usize, char)| {
            if *at == 0 { !c.is_ascii_alphabetic() } else { !c.is_ascii_alphanumeric() && *c != '_' && *c != '-' }
        };
        if name.value.is_empty() {
            findings.push(Diagnostic::error("EMPTY_SOURCE_NAME", "a source needs a name").at(name.span));
        } else if let Some((at, c)) = name.value.char_indices().find(wrong) {
            let span = inside(context.files, name.span, at..at + c.len_utf8());
            let place = if at == 0 { "may not begin it" } else { "is not allowed" };
            let message = format!("source name \"{}\": \"{c}\" {place}", name.value);
            let help = "a name begins with a letter and goes on with letters, digits, _ and -";
            findings.push(Diagnostic::error("INVALID_SOURCE_NAME", message).at(span).help(help));
        } else if name.value.len() > MAX_LENGTH {
            let message = format!("a source name has at most {MAX_LENGTH} characters, this has {}", name.value.len());
            findings.push(Diagnostic::error("INVALID_SOURCE_NAME", message).at(name.span));
        }
        if let Some(first) = names[..index].iter().find(|earlier| earlier.value == name.value) {
            let message = format!("source \"{}\" is declared twice", name.value);
            findings.push(
                Diagnostic::error("DUPLICATE_SOURCE_NAME", message)
                    .at(name.span)
                    .label(first.span, "declared here first"),
            );
        }
    }
}
