//! What the Composite Schemas specification defines.

use crate::graph::link::{Link, Links, Version, spec};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

/// The newest version that is known.
pub const NEWEST: Version = Version::new(1, 0);

/// The version of federation whose directives a document gets that links this specification alone.
pub const FEDERATION: Version = Version::new(2, 3);

/// The type of a selection map, in a document that does not import it.
pub const MAP: &str = "FieldSelectionMap";
/// The type of a selection set, in a document that does not import it.
pub const SET: &str = "FieldSelectionSet";

/// Directives that mean what federation's of the same name mean.
pub const SHARED: [&str; 6] = ["key", "shareable", "inaccessible", "provides", "external", "override"];

/// Every directive; `{M}` stands for the type of maps, `{S}` for that of sets.
const DIRECTIVES: [(&str, &str); 10] = [
    ("lookup", " on FIELD_DEFINITION"),
    ("internal", " on OBJECT | FIELD_DEFINITION"),
    ("is", "(field: {M}!) on ARGUMENT_DEFINITION"),
    ("require", "(field: {M}!) on ARGUMENT_DEFINITION"),
    ("key", "(fields: {S}!) repeatable on OBJECT | INTERFACE"),
    ("shareable", " repeatable on OBJECT | FIELD_DEFINITION"),
    (
        "inaccessible",
        " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    ("provides", "(fields: {S}!) on FIELD_DEFINITION"),
    ("external", " on FIELD_DEFINITION"),
    ("override", "(from: String!) on FIELD_DEFINITION"),
];

/// What a link brings into a document.
pub struct Brought {
    /// Types by their names in the document, with their definitions.
    pub types: Vec<(Name, String)>,
    /// Directives by their names in the document, with what follows the name in their definitions.
    pub directives: Vec<(Name, String)>,
}

/// What `link` brings into a document.
pub fn brought(link: &Link) -> Brought {
    let map = link.type_name(MAP).unwrap_or_else(|| MAP.into());
    let set = link.type_name(SET).unwrap_or_else(|| SET.into());
    let named = DIRECTIVES.iter().filter_map(|(element, rest)| {
        Some((link.directive_name(element)?, rest.replace("{M}", &map).replace("{S}", &set)))
    });
    let types = [&map, &set].map(|name| (name.clone(), format!("scalar {name}")));
    Brought { types: types.into(), directives: named.collect() }
}

/// Checks the version, and that what is imported exists.
pub fn check(links: &Links, found: &mut Vec<Diagnostic>) {
    let Some(link) = links.by_identity(spec::COMPOSITE_SCHEMAS) else { return };
    if link.version() > NEWEST {
        let message = format!("unknown version of the Composite Schemas specification: \"{}\"", link.url);
        let finding = Diagnostic::error("UNKNOWN_LINK_VERSION", message).at(link.url_span);
        found.push(finding.help(format!("the newest that is known is {NEWEST}")));
    }
    for import in &link.imports {
        let known = match import.directive {
            true => DIRECTIVES.iter().any(|(element, _)| *element == &*import.element),
            false => [MAP, SET].contains(&&*import.element),
        };
        if !known {
            let message = format!("Composite Schemas have no \"{}\" to import", import.written().value);
            found.push(Diagnostic::error("INVALID_LINK_DIRECTIVE_USAGE", message).at(import.span));
        }
    }
}

/// What the directive `written` is called in the specification, if it is one of its own.
pub fn element(links: &Links, written: &str) -> Option<Name> {
    let element = links.directive(written)?;
    (&*element.link.url.identity == spec::COMPOSITE_SCHEMAS).then_some(element.name)
}
