//! Who asks.

use std::sync::Arc;

use serde_json::{Map, Value};

/// The caller, as far as it could be verified.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Principal {
    /// Nobody known.
    #[default]
    Anonymous,
    /// A verified caller.
    Known(Arc<Caller>),
}

/// A verified caller.
#[derive(Clone, PartialEq, Debug)]
pub struct Caller {
    /// The verified token's claims.
    pub claims: Map<String, Value>,
    /// Scopes the token grants.
    pub scopes: Vec<String>,
}

// === impl Principal ===

impl Principal {
    /// The caller, if known.
    pub fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Anonymous => None,
            Self::Known(caller) => Some(caller),
        }
    }

    /// Whether somebody is known.
    pub fn is_known(&self) -> bool {
        self.caller().is_some()
    }

    /// Whether the caller holds `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.caller().is_some_and(|caller| caller.scopes.iter().any(|held| held == scope))
    }
}
