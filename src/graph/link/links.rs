//! The links of one document, and the two-way mapping of names.

use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::feature::{FeatureUrl, Version};

/// All `@link`s of one document, in the order written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Links {
    pub(super) links: Vec<Link>,
    pub(super) link_directive: Option<Name>,
}

/// One `@link(url:, as:, import:, for:)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// The specification and its version.
    pub url: FeatureUrl,
    /// The prefix of its elements' names: `as`, or the URL's name. `None` when there is neither:
    /// only imported elements have names then.
    pub name: Option<Name>,
    /// Elements with names of their own.
    pub imports: Vec<Import>,
    /// What the link is for.
    pub purpose: Option<Purpose>,
    /// The whole application.
    pub span: Span,
    /// The URL's string literal.
    pub url_span: Span,
}

/// One element of `import:`.
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
    /// The element's name in its specification, without `@`.
    pub element: Name,
    /// Its name in this document, without `@`.
    pub name: Name,
    /// Whether it is a directive (written with `@`).
    pub directive: bool,
    /// Where it is imported.
    pub span: Span,
}

/// `for:`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Who does not know the specification must not serve the schema.
    Security,
    /// Needed to execute operations.
    Execution,
}

/// What a name of the document stands for.
#[derive(Clone, PartialEq, Debug)]
pub struct Element<'a> {
    /// The link that brings it.
    pub link: &'a Link,
    /// Its name in the specification, without `@`.
    pub name: Name,
}

// === impl Links ===

impl Links {
    /// All links, in the order written.
    pub fn all(&self) -> &[Link] {
        &self.links
    }

    /// The name of `@link` itself in this document, without `@`; `None` when nothing is linked.
    pub fn link_directive(&self) -> Option<&Name> {
        self.link_directive.as_ref()
    }

    /// The link of a specification, by its identity (see [`super::spec`]).
    pub fn by_identity(&self, identity: &str) -> Option<&Link> {
        self.links.iter().find(|link| &*link.url.identity == identity)
    }

    /// The version of federation this document links, if any.
    pub fn federation(&self) -> Option<&Link> {
        self.by_identity(super::spec::FEDERATION)
    }

    /// What the directive `written` (without `@`) stands for.
    pub fn directive(&self, written: &str) -> Option<Element<'_>> {
        self.element(written, true)
    }

    /// What the type `written` stands for.
    pub fn type_element(&self, written: &str) -> Option<Element<'_>> {
        self.element(written, false)
    }

    /// Whether directive `written` is element `name` of the specification `identity`.
    pub fn is_directive(&self, written: &str, identity: &str, name: &str) -> bool {
        self.directive(written).is_some_and(|element| &*element.link.url.identity == identity && &*element.name == name)
    }

    fn element(&self, written: &str, directive: bool) -> Option<Element<'_>> {
        for link in &self.links {
            let found = link.imports.iter().find(|import| import.directive == directive && &*import.name == written);
            if let Some(import) = found {
                return Some(Element { link, name: import.element.clone() });
            }
        }
        for link in &self.links {
            let Some(prefix) = link.name.as_deref() else { continue };
            if let Some(name) = written.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("__")) {
                return Some(Element { link, name: Name::from(name) });
            }
            if directive && written == prefix && link.own_element_is_default() {
                // `@link` with `as: "core"` is `@core`: the element called like its feature.
                return link.url.name.clone().map(|name| Element { link, name });
            }
        }
        None
    }
}

// === impl Link ===

impl Link {
    /// The version; specifications without one count as `v0.0`.
    pub fn version(&self) -> Version {
        self.url.version.unwrap_or(Version::new(0, 0))
    }

    /// The name of the specification's directive `element` in this document, both without `@`.
    pub fn directive_name(&self, element: &str) -> Option<Name> {
        if let Some(import) = self.imports.iter().find(|import| import.directive && &*import.element == element) {
            return Some(import.name.clone());
        }
        let prefix = self.name.as_ref()?;
        if self.url.name.as_deref() == Some(element) {
            return Some(prefix.clone());
        }
        Some(Name::from(format!("{prefix}__{element}")))
    }

    /// The name of the specification's type `element` in this document.
    pub fn type_name(&self, element: &str) -> Option<Name> {
        if let Some(import) = self.imports.iter().find(|import| !import.directive && &*import.element == element) {
            return Some(import.name.clone());
        }
        Some(Name::from(format!("{}__{element}", self.name.as_ref()?)))
    }

    /// The import of `element`, if it is imported.
    pub fn import(&self, element: &str, directive: bool) -> Option<&Import> {
        self.imports.iter().find(|import| import.directive == directive && &*import.element == element)
    }

    fn own_element_is_default(&self) -> bool {
        self.url.name.as_deref().is_some_and(|own| self.import(own, true).is_none())
    }
}

// === impl Import ===

impl Import {
    /// The name in the document as written, with `@` for a directive.
    pub fn written(&self) -> Spanned<String> {
        let at = if self.directive { "@" } else { "" };
        Spanned { value: format!("{at}{}", self.name), span: self.span }
    }
}

// === impl Purpose ===

impl Purpose {
    /// The enum value's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "SECURITY",
            Self::Execution => "EXECUTION",
        }
    }
}
