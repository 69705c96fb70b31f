//! Names that could mean two things.

use crate::platform::base::diagnostic::Diagnostic;

use super::feature::Version;
use super::links::{Import, Link};
use super::read::USAGE;
use super::spec;

/// Refuses what would make names ambiguous.
pub(super) fn check_new(link: &Link, known: &[Link], diagnostics: &mut Vec<Diagnostic>) {
    if let Some(other) = known.iter().find(|other| other.url.identity == link.url.identity) {
        let message = format!("\"{}\" is linked more than once", link.url.identity);
        diagnostics.push(Diagnostic::error(USAGE, message).at(link.span).label(other.span, "linked here before"));
        return;
    }
    if let Some(other) = known.iter().find(|other| other.name.is_some() && other.name == link.name) {
        let message = format!(
            "\"{}\" and \"{}\" both name their elements \"{}__…\"",
            other.url,
            link.url,
            link.name.as_deref().unwrap_or_default()
        );
        let finding = Diagnostic::error(USAGE, message).at(link.span).label(other.span, "linked here");
        diagnostics.push(finding.help("give one of them another prefix with `as`"));
    }
    for (index, import) in link.imports.iter().enumerate() {
        let same = |other: &&Import| other.directive == import.directive && other.name == import.name;
        let earlier = link.imports.iter().take(index).find(same);
        if let Some(other) = earlier.or_else(|| known.iter().flat_map(|link| &link.imports).find(same)) {
            if earlier.is_some_and(|other| other.element == import.element) {
                continue;
            }
            let message = format!("the name \"{}\" is imported twice", import.written().value);
            diagnostics.push(Diagnostic::error(USAGE, message).at(import.span).label(other.span, "imported here"));
        }
    }
    for (one, other) in known.iter().flat_map(|other| [(link, other), (other, link)]).chain([(link, link)]) {
        diagnostics.extend(one.imports.iter().filter_map(|import| confusion(one, import, other)));
    }
    if &*link.url.identity == spec::LINK && link.url.version != Some(Version::new(1, 0)) {
        let message = format!("unknown version of the link specification: \"{}\"", link.url);
        diagnostics.push(Diagnostic::error("UNKNOWN_LINK_VERSION", message).at(link.url_span).help("known is v1.0"));
    }
}

/// An import of `link` that has the name which an element of `other` has without being imported.
fn confusion(link: &Link, import: &Import, other: &Link) -> Option<Diagnostic> {
    let prefix = other.name.as_deref()?;
    // That two specifications have one prefix is told once.
    if link.url.identity != other.url.identity && link.name == other.name {
        return None;
    }
    let meant = match import.name.strip_prefix(prefix)?.strip_prefix("__") {
        Some(element) => element,
        None if import.directive && &*import.name == prefix => other.url.name.as_deref().unwrap_or(prefix),
        None => return None,
    };
    if link.url.identity == other.url.identity && *meant == *import.element {
        return None;
    }
    let message = format!("\"{}\" could be taken for \"{meant}\" of \"{}\"", import.written().value, other.url);
    let finding = Diagnostic::error(USAGE, message).at(import.span).label(other.span, "linked here");
    Some(finding.help("import it under another name with `as`"))
}
