//! Who the demo's caller is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::gateway::auth::config::{AuthConfig, IssuerConfig, JwtConfig, KeyConfig, TokenPlace};
use crate::platform::base::quantity::TimeSpan;
use crate::platform::base::secret::Secret;

/// The user in whose name the demo's token speaks.
pub const SUBJECT: &str = "u1001";
/// What the token allows: every scope that a file of `schema/` asks for.
pub const SCOPES: &str = "users:read users:read:pii catalogue:write inventory:reserve";

const ISSUER: &str = "https://demo.pleach.dev";
const AUDIENCE: &str = "pleach-demo";
const VALID_FOR: Duration = Duration::from_secs(12 * 60 * 60);

/// A secret that signs tokens, made anew at every start.
#[derive(Clone, Debug)]
pub struct DemoIssuer {
    secret: Secret,
}

// === impl DemoIssuer ===

impl DemoIssuer {
    /// Makes a random secret of 244 bits.
    pub fn new() -> Self {
        let half = || uuid::Uuid::new_v4().simple();
        Self { secret: Secret::new(format!("{}{}", half(), half())) }
    }

    /// A token for a caller, valid for twelve hours.
    ///
    /// # Errors
    /// When the cryptographic library refuses to sign.
    pub fn token(&self, subject: &str, scopes: &str) -> Result<String, jsonwebtoken::errors::Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "scope": scopes,
            "iat": now.as_secs(),
            "exp": (now + VALID_FOR).as_secs(),
        });
        let key = EncodingKey::from_secret(self.secret.reveal().as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
    }

    /// The configuration that believes these tokens, and no others.
    pub fn auth(&self) -> AuthConfig {
        let issuer = IssuerConfig {
            issuer: ISSUER.into(),
            audience: vec![AUDIENCE.into()],
            algorithms: vec!["HS256".into()],
            jwks: None,
            refresh: TimeSpan(Duration::from_secs(600)),
            keys: vec![KeyConfig { secret: Some(self.secret.clone()), ..Default::default() }],
            scopes_claim: "scope".into(),
        };
        let place = TokenPlace { header: Some("authorization".into()), prefix: Some("Bearer".into()), cookie: None };
        let jwt = JwtConfig { issuers: vec![issuer], from: vec![place], leeway: TimeSpan(Duration::from_secs(30)) };
        AuthConfig { jwt: Some(jwt), ..AuthConfig::default() }
    }
}

impl Default for DemoIssuer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_signed_with_the_secret_that_the_configuration_believes() {
        let issuer = DemoIssuer::new();
        let token = issuer.token(SUBJECT, SCOPES).unwrap();
        let auth = issuer.auth();
        let believed = &auth.jwt.as_ref().unwrap().issuers[0];
        let key = |issuer: &IssuerConfig| {
            let secret = issuer.keys[0].secret.as_ref().unwrap();
            jsonwebtoken::DecodingKey::from_secret(secret.reveal().as_bytes())
        };
        let mut validation = jsonwebtoken::Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&believed.issuer]);
        validation.set_audience(&believed.audience);
        let decoded = jsonwebtoken::decode::<serde_json::Value>(&token, &key(believed), &validation).unwrap();
        assert_eq!(decoded.claims["sub"], SUBJECT);
        let other = DemoIssuer::new().auth();
        let other = key(&other.jwt.as_ref().unwrap().issuers[0]);
        assert!(jsonwebtoken::decode::<serde_json::Value>(&token, &other, &validation).is_err());
    }
}
