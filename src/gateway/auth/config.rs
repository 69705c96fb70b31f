//! The `auth` section of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::base::quantity::TimeSpan;
use crate::platform::base::secret::Secret;

/// Who may ask, and what happens to fields a caller may not see.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Verified JSON Web Tokens. Without this section everybody is anonymous.
    pub jwt: Option<JwtConfig>,
    /// What happens to fields the caller may not see.
    pub unauthorized: Unauthorized,
    /// Named policies for `@policy`: CEL expressions over `claims`, `scopes` and `args`.
    pub policies: BTreeMap<String, String>,
}

/// What happens to fields the caller may not see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unauthorized {
    /// They are null, with an error each; the rest is answered.
    #[default]
    Filter,
    /// The whole operation is refused.
    Reject,
}

/// Whose tokens are believed, and where they are found.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtConfig {
    /// Issuers of tokens.
    pub issuers: Vec<IssuerConfig>,
    /// Where a token may stand; the first place that has one counts.
    #[serde(default = "TokenPlace::usual")]
    pub from: Vec<TokenPlace>,
    /// Clock difference that is tolerated in `exp` and `nbf`.
    #[serde(default = "JwtConfig::default_leeway")]
    pub leeway: TimeSpan,
}

/// One issuer and its keys.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must contain one of. Empty: tokens with any or no audience.
    #[serde(default)]
    pub audience: Vec<String>,
    /// Algorithms that are believed. A token's own header never widens this list. Default: those
    /// that fit the configured keys, `RS256` and `ES256` for a JWKS.
    #[serde(default)]
    pub algorithms: Vec<String>,
    /// A JSON Web Key Set: an `https://` or `http://` address, or a file.
    #[serde(default)]
    pub jwks: Option<String>,
    /// How often an address is asked again. An unknown key id asks at once, at most every 10 s, or
    /// every `refresh` if that is shorter.
    #[serde(default = "IssuerConfig::default_refresh")]
    pub refresh: TimeSpan,
    /// Keys given here.
    #[serde(default)]
    pub keys: Vec<KeyConfig>,
    /// The claim that lists scopes: text separated by spaces, or a list.
    #[serde(default = "IssuerConfig::default_scopes_claim")]
    pub scopes_claim: String,
}

/// A key: exactly one of `secret`, `pem` and `pem_file`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyConfig {
    /// The key id, compared with the token's `kid` when both have one.
    pub kid: Option<String>,
    /// A shared secret, for HS256, HS384, HS512; at least 32 bytes.
    pub secret: Option<Secret>,
    /// A public key as PEM text, for RS, PS, ES and EdDSA.
    pub pem: Option<String>,
    /// A file with such a text.
    pub pem_file: Option<PathBuf>,
}

/// Where a token may stand: exactly one of `header` and `cookie`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenPlace {
    /// A request header.
    pub header: Option<String>,
    /// A word before the token in that header, such as `Bearer`.
    pub prefix: Option<String>,
    /// A cookie.
    pub cookie: Option<String>,
}

// === impl JwtConfig ===

impl JwtConfig {
    fn default_leeway() -> TimeSpan {
        TimeSpan(Duration::from_secs(30))
    }
}

// === impl IssuerConfig ===

impl IssuerConfig {
    fn default_refresh() -> TimeSpan {
        TimeSpan(Duration::from_secs(600))
    }

    fn default_scopes_claim() -> String {
        "scope".into()
    }
}

// === impl TokenPlace ===

impl TokenPlace {
    fn usual() -> Vec<Self> {
        vec![Self { header: Some("authorization".into()), prefix: Some("Bearer".into()), cookie: None }]
    }
}
