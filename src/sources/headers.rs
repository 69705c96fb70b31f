//! Which of a client's headers travel on to sources: allow-lists, nothing else.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::platform::base::setting::Mistake;

use super::config::HeadersConfig;
use super::contract::RequestFacts;

/// Never copied: they belong to one connection, or we write them ourselves.
const RESERVED: [&str; 12] = [
    "connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "host",
];
/// Copied only when they are named in full.
const NEVER_BY_PREFIX: [&str; 2] = ["cookie", "authorization"];

/// Names of client headers that travel on under the same name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Propagation {
    patterns: Vec<Pattern>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Pattern {
    Exact(HeaderName),
    /// In lower case, without the `*`.
    Prefix(String),
}

/// The rules for every federated GraphQL subgraph: what the configuration lets travel on.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HeaderRules {
    propagate: Propagation,
    insert: Vec<(HeaderName, HeaderValue)>,
    claims: Vec<(String, HeaderName)>,
}

/// A rule that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HeaderRuleError {
    /// No header has this name.
    #[error("\"{0}\" is not a header name")]
    Name(String),
    /// No header can hold this value.
    #[error("the value of header \"{0}\" has characters that no header may have")]
    Value(String),
    /// A header that we write ourselves.
    #[error("header \"{0}\" cannot be set")]
    Reserved(String),
}

/// Whether a header may never be set or copied by a rule.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

// === impl Propagation ===

impl Propagation {
    /// Reads names; one that ends in `*` matches a prefix.
    ///
    /// # Errors
    /// When a name is none, or is reserved.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, HeaderRuleError> {
        let patterns = names.into_iter().map(|name| match name.strip_suffix('*') {
            Some(prefix) => Ok(Pattern::Prefix(prefix.to_ascii_lowercase())),
            None => header_name(name).map(Pattern::Exact),
        });
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()? })
    }

    /// Copies what is allowed from `client` to `out`; values already there are replaced.
    pub fn apply(&self, client: &HeaderMap, out: &mut HeaderMap) {
        for pattern in &self.patterns {
            match pattern {
                Pattern::Exact(name) => copy(client, name, name, out),
                Pattern::Prefix(prefix) => {
                    let names = client.keys().filter(|name| name.as_str().starts_with(prefix.as_str()));
                    names.filter(|name| by_prefix(name.as_str())).for_each(|name| copy(client, name, name, out));
                }
            }
        }
    }
}

/// Copies all values of `from` to `to`, replacing what is there; nothing when there are none.
pub fn copy(client: &HeaderMap, from: &HeaderName, to: &HeaderName, out: &mut HeaderMap) {
    let mut values = client.get_all(from).iter();
    if let Some(first) = values.next() {
        out.insert(to.clone(), first.clone());
        for value in values {
            out.append(to.clone(), value.clone());
        }
    }
}

fn by_prefix(name: &str) -> bool {
    !is_reserved(name) && !name.starts_with("content-") && !NEVER_BY_PREFIX.contains(&name)
}

/// Reads a header's name.
///
/// # Errors
/// When it is none, or reserved.
pub fn header_name(name: &str) -> Result<HeaderName, HeaderRuleError> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderRuleError::Name(name.to_owned()))?;
    if is_reserved(parsed.as_str()) { Err(HeaderRuleError::Reserved(name.to_owned())) } else { Ok(parsed) }
}

// === impl HeaderRules ===

impl HeaderRules {
    /// Reads the configuration.
    ///
    /// # Errors
    /// All names and values that cannot be used.
    pub fn new(config: &HeadersConfig) -> Result<Self, Vec<Mistake>> {
        let (mut rules, mut mistakes) = (Self::default(), Vec::new());
        for (index, name) in config.propagate.iter().enumerate() {
            match Propagation::new([name.as_str()]) {
                Ok(propagation) => rules.propagate.patterns.extend(propagation.patterns),
                Err(error) => mistakes.push(Mistake::at(["propagate"], error.to_string()).then(index)),
            }
        }
        for (name, text) in &config.insert {
            let value = HeaderValue::from_str(text).map_err(|_| HeaderRuleError::Value(name.clone()));
            match header_name(name).and_then(|header| Ok((header, value?))) {
                Ok(rule) => rules.insert.push(rule),
                Err(error) => mistakes.push(Mistake::at(["insert", name], error.to_string())),
            }
        }
        for (claim, name) in &config.claims {
            match header_name(name) {
                Ok(header) => rules.claims.push((claim.clone(), header)),
                Err(error) => mistakes.push(Mistake::at(["claims", claim], error.to_string())),
            }
        }
        if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
    }

    /// Writes the headers of one call.
    pub fn apply(&self, facts: &RequestFacts, out: &mut HeaderMap) {
        self.propagate.apply(&facts.headers, out);
        for (name, value) in &self.insert {
            out.insert(name.clone(), value.clone());
        }
        for (claim, name) in &self.claims {
            let text = match facts.claims.as_ref().and_then(|claims| claims.get(claim)) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            if let Ok(value) = HeaderValue::from_str(&text) {
                out.insert(name.clone(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn applied(names: &[&str], client: &HeaderMap) -> Vec<String> {
        let mut out = HeaderMap::new();
        Propagation::new(names.iter().copied()).unwrap().apply(client, &mut out);
        let mut names: Vec<_> = out.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_travels_unless_named() {
        let client = headers(&[("x-a", "1"), ("x-b3-id", "2"), ("authorization", "3"), ("content-type", "4")]);
        assert_eq!(applied(&[], &client), [""; 0]);
        assert_eq!(applied(&["x-b3-*"], &client), ["x-b3-id"]);
        assert_eq!(applied(&["*"], &client), ["x-a", "x-b3-id"]);
        assert_eq!(applied(&["Authorization"], &client), ["authorization"]);
    }

    #[test]
    fn reserved_headers_are_refused() {
        assert_eq!(Propagation::new(["Host"]), Err(HeaderRuleError::Reserved("Host".into())));
        assert_eq!(Propagation::new(["a b"]), Err(HeaderRuleError::Name("a b".into())));
    }

    #[test]
    fn claims_and_fixed_values_are_written() {
        let config = HeadersConfig {
            insert: [("x-gateway".to_owned(), "pleach".to_owned())].into(),
            claims: [("sub".to_owned(), "x-user".to_owned()), ("none".to_owned(), "x-none".to_owned())].into(),
            ..HeadersConfig::default()
        };
        let facts = RequestFacts { claims: Some(json!({"sub": "u1"})), ..RequestFacts::default() };
        let mut out = HeaderMap::new();
        HeaderRules::new(&config).unwrap().apply(&facts, &mut out);
        assert_eq!(out, headers(&[("x-gateway", "pleach"), ("x-user", "u1")]));
    }
}
