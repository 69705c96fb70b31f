//! Headers (or metadata) that a source and its connectors write.

use http::header::{HeaderMap, HeaderName, HeaderValue as Value};

use crate::graph::connect::model::{HeaderSpec, HeaderValue};
use crate::graph::mapping::{Template, Variable, Variables};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;
use crate::sources::contract::{RequestFacts, SourceError};
use crate::sources::headers::{HeaderRuleError, Propagation, copy, header_name};

use crate::sources::contract::BAD_INPUT;

/// What is written with every call of one connector: first what propagates, then the source's
/// headers, then the connector's own in place of the source's.
#[derive(Clone, Debug, Default)]
pub struct HeaderPlan {
    propagate: Propagation,
    headers: Vec<(HeaderName, Written)>,
}

#[derive(Clone, Debug)]
enum Written {
    Copy(HeaderName),
    Template(Template),
}

// === impl HeaderPlan ===

impl HeaderPlan {
    /// Puts the specs of source and connector together.
    ///
    /// # Errors
    /// When a name cannot be used.
    pub fn new(
        propagate: &[Spanned<Name>],
        source: &[HeaderSpec],
        own: &[HeaderSpec],
    ) -> Result<Self, Spanned<HeaderRuleError>> {
        let mut plan = Self { propagate: Propagation::default(), headers: Vec::new() };
        let all: Vec<&str> = propagate.iter().map(|name| &*name.value).collect();
        plan.propagate = Propagation::new(all).map_err(|error| {
            let wrong = |name: &&Spanned<Name>| Propagation::new([&*name.value]).is_err();
            let span = propagate.iter().find(wrong).or(propagate.first()).map(|name| name.span);
            // There is an error, so there is a name.
            Spanned { value: error, span: span.expect("only a name can be wrong") }
        })?;
        for spec in source.iter().chain(own) {
            let at = |value| Spanned { value, span: spec.name.span };
            let name = header_name(&spec.name.value).map_err(at)?;
            let written = match &spec.value {
                HeaderValue::From(from) => Written::Copy(header_name(&from.value).map_err(at)?),
                HeaderValue::Template(template) => Written::Template(template.value.clone()),
            };
            plan.headers.retain(|(known, _)| *known != name);
            plan.headers.push((name, written));
        }
        Ok(plan)
    }

    /// Whether a header's template reads `variable`.
    pub fn reads(&self, variable: Variable) -> bool {
        self.headers.iter().any(|(_, written)| match written {
            Written::Copy(_) => false,
            Written::Template(template) => {
                template.holes().any(|hole| hole.mapping.references().of(variable).is_some())
            }
        })
    }

    /// Writes the headers of one call; they replace what is there.
    ///
    /// # Errors
    /// When a value cannot stand in a header.
    pub fn write(
        &self,
        variables: &Variables<'_>,
        facts: &RequestFacts,
        out: &mut HeaderMap,
    ) -> Result<(), SourceError> {
        self.propagate.apply(&facts.headers, out);
        for (name, written) in &self.headers {
            match written {
                Written::Copy(from) => copy(&facts.headers, from, name, out),
                Written::Template(template) => {
                    let wrong = |message: String| SourceError::new(BAD_INPUT, format!("header \"{name}\": {message}"));
                    let text = template.render(None, variables).map_err(|error| wrong(error.message))?.text;
                    let value =
                        Value::from_str(&text).map_err(|_| wrong("no header can hold this value".to_owned()))?;
                    out.insert(name.clone(), value);
                }
            }
        }
        Ok(())
    }
}
