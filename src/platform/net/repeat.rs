//! Which requests may reach a server twice.

use http::Method;

/// Whether a request may be sent again when nobody can tell whether its server has seen it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// What it does is the same, done once or twice (RFC 9110 §9.2.2).
    Harmless,
    /// It might be done twice.
    Never,
}

// === impl Repeat ===

impl Repeat {
    /// What a method promises of itself. A request may mean less than its method allows: a GraphQL
    /// query is a `POST`, and harmless.
    pub fn of(method: &Method) -> Self {
        if method.is_idempotent() { Self::Harmless } else { Self::Never }
    }
}
