//! A specification's URL: identity, name and version.

use std::fmt;

use crate::platform::base::Name;

/// A specification's version: `v2.3`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// Incompatible changes.
    pub major: u32,
    /// Compatible additions.
    pub minor: u32,
}

/// A specification's URL, taken apart: `https://specs.apollo.dev/federation/v2.3`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FeatureUrl {
    /// The URL without version, query, fragment and trailing slash: what names the specification.
    pub identity: Name,
    /// The last part of the identity's path, if it may serve as a name.
    pub name: Option<Name>,
    /// The version, if the URL ends with one.
    pub version: Option<Version>,
}

// === impl Version ===

impl Version {
    /// The version `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Parses `v2.3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }

    /// Whether a reader of `self` understands a document written for `wanted`.
    pub fn satisfies(self, wanted: Version) -> bool {
        self.major == wanted.major && self.minor >= wanted.minor
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

// === impl FeatureUrl ===

impl FeatureUrl {
    /// Takes a URL apart; `None` if it is not an absolute URL.
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        let whole = url.as_str().trim_end_matches('/').to_owned();
        let (before, last) = whole.rsplit_once('/')?;
        let (identity, version) = match Version::parse(last) {
            Some(version) => (before.trim_end_matches('/'), Some(version)),
            None => (whole.as_str(), None),
        };
        // Only a path has a name in it: `https://example.com` has none.
        let name = url::Url::parse(identity).ok().and_then(|url| {
            let last = url.path().trim_end_matches('/').rsplit('/').next()?.to_owned();
            is_feature_name(&last).then(|| Name::from(last))
        });
        Some(Self { identity: Name::from(identity), name, version })
    }
}

impl fmt::Display for FeatureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identity)?;
        self.version.map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

/// Whether `text` may be a prefix: a GraphQL name that neither holds `__` nor ends with `_`.
pub(super) fn is_feature_name(text: &str) -> bool {
    is_name(text) && !text.contains("__") && !text.ends_with('_') && !text.starts_with('_')
}

/// Whether `text` is a GraphQL name.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_url_apart() {
        let url = FeatureUrl::parse("https://specs.apollo.dev/federation/v2.3").unwrap();
        assert_eq!(&*url.identity, "https://specs.apollo.dev/federation");
        assert_eq!(url.name.as_deref(), Some("federation"));
        assert_eq!(url.version, Some(Version::new(2, 3)));
        assert_eq!(url.to_string(), "https://specs.apollo.dev/federation/v2.3");
    }

    #[test]
    fn a_url_needs_neither_version_nor_name() {
        let url = FeatureUrl::parse("https://example.com/a/my-schema?x#y").unwrap();
        assert_eq!((&*url.identity, url.name, url.version), ("https://example.com/a/my-schema", None, None));
        assert_eq!(FeatureUrl::parse("https://example.com/").unwrap().name, None);
        assert_eq!(FeatureUrl::parse("federation/v2.0"), None);
    }

    #[test]
    fn a_reader_understands_older_minor_versions() {
        assert!(Version::new(2, 3).satisfies(Version::new(2, 0)));
        assert!(!Version::new(2, 3).satisfies(Version::new(2, 4)));
        assert_eq!(Version::parse("v2"), None);
        assert_eq!(Version::parse("v2.x"), None);
    }
}
