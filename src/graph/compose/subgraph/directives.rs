//! The directives federation brings, whatever they are called in a document.

use crate::graph::language::ast::{Directive, Value};
use crate::graph::link::{Links, spec};
use crate::platform::base::Name;

/// A directive of a document, with what it stands for.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Which of federation's directives it is, if any.
    pub federation: Option<Federation>,
    /// Whether it stands on an extension.
    pub of_extension: bool,
    /// As written.
    pub directive: Directive,
}

macro_rules! federation {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// A directive of the federation specification.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Federation {
            $($(#[$meta])* $variant,)+
        }

        impl Federation {
            /// All of them.
            pub const ALL: &'static [Federation] = &[$(Federation::$variant),+];

            /// The name in the specification, without `@`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

federation! {
    /// `@key(fields:, resolvable:)`
    Key = "key",
    /// `@requires(fields:)`
    Requires = "requires",
    /// `@provides(fields:)`
    Provides = "provides",
    /// `@external`
    External = "external",
    /// `@tag(name:)`
    Tag = "tag",
    /// `@extends`
    Extends = "extends",
    /// `@shareable`
    Shareable = "shareable",
    /// `@inaccessible`
    Inaccessible = "inaccessible",
    /// `@override(from:, label:)`
    Override = "override",
    /// `@composeDirective(name:)`
    ComposeDirective = "composeDirective",
    /// `@interfaceObject`
    InterfaceObject = "interfaceObject",
    /// `@authenticated`
    Authenticated = "authenticated",
    /// `@requiresScopes(scopes:)`
    RequiresScopes = "requiresScopes",
    /// `@policy(policies:)`
    Policy = "policy",
    /// `@context(name:)`
    Context = "context",
    /// `@fromContext(field:)`
    FromContext = "fromContext",
    /// `@cost(weight:)`
    Cost = "cost",
    /// `@listSize(…)`
    ListSize = "listSize",
    /// `@cacheTag(format:)`
    CacheTag = "cacheTag",
}

// === impl Federation ===

impl Federation {
    /// The directive called `name` in the specification.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|directive| directive.name() == name)
    }

    /// What the directive `written` stands for in a document with these links.
    pub fn of(links: &Links, written: &str) -> Option<Self> {
        let Some(element) = links.directive(written) else {
            // Undefined directives are no valid GraphQL, so whatever is met here is known or defined.
            let first = |directive: &Self| FIRST.contains(directive) || UPGRADED_DIRECTIVES.contains(directive);
            return Self::named(written).filter(first).filter(|_| links.federation().is_none());
        };
        let own = |directive: Self| (&*element.name == directive.name()).then_some(directive);
        match &*element.link.url.identity {
            spec::FEDERATION => Self::named(&element.name),
            spec::TAG => own(Self::Tag),
            spec::INACCESSIBLE => own(Self::Inaccessible),
            spec::AUTHENTICATED => own(Self::Authenticated),
            spec::REQUIRES_SCOPES => own(Self::RequiresScopes),
            spec::POLICY => own(Self::Policy),
            spec::COST => own(Self::Cost).or_else(|| own(Self::ListSize)),
            spec::CONTEXT => own(Self::Context).or_else(|| own(Self::FromContext)),
            spec::CACHE_TAG => own(Self::CacheTag),
            _ => None,
        }
    }
}

/// What documents without links may use: federation 1.
const FIRST: &[Federation] = &[
    Federation::Key,
    Federation::Requires,
    Federation::Provides,
    Federation::External,
    Federation::Extends,
    Federation::Tag,
];

/// What such documents may define for themselves; when they are read as federation 2, it is
/// federation's.
pub const UPGRADED_DIRECTIVES: &[Federation] = &[
    Federation::Shareable,
    Federation::Inaccessible,
    Federation::Override,
    Federation::ComposeDirective,
    Federation::InterfaceObject,
];

// === impl Applied ===

impl Applied {
    /// The value of argument `name`, if given and not null.
    pub fn argument(&self, name: &str) -> Option<&Value> {
        self.directive.argument(name).filter(|value| value.kind != crate::graph::language::ast::ValueKind::Null)
    }

    /// The string argument `name`.
    pub fn text(&self, name: &str) -> Option<Name> {
        match &self.argument(name)?.kind {
            crate::graph::language::ast::ValueKind::String(text) => Some(text.clone()),
            _ => None,
        }
    }
}
