//! JSON Web Tokens (RFC 7519), by the advice of RFC 8725.

use std::sync::Arc;

use http::HeaderMap;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, dangerous::insecure_decode_claims, decode, decode_header};
use serde_json::{Map, Value};
use tokio::time::timeout_at;

use crate::gateway::auth::config::{AuthConfig, IssuerConfig, TokenPlace};
use crate::gateway::exchange::principal::{Caller, Principal};
use crate::platform::base::deadline::Deadline;
use crate::platform::base::setting::{Mistake, Step};
use crate::platform::net::HttpClient;

use super::jwks::Jwks;
use super::keys::{self, Key};
use super::place;

/// Longer tokens are refused unread.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Verifies callers' tokens.
#[derive(Debug, Default)]
pub struct Authenticator {
    places: Vec<TokenPlace>,
    issuers: Vec<Issuer>,
    leeway_seconds: u64,
}

#[derive(Debug)]
struct Issuer {
    name: String,
    audience: Vec<String>,
    algorithms: Vec<Algorithm>,
    scopes_claim: String,
    keys: Vec<Key>,
    jwks: Option<Jwks>,
}

/// The path of the issuers in the configuration.
const ISSUERS: [&str; 3] = ["auth", "jwt", "issuers"];

/// Why credentials were not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejection {
    /// The token is bad; the sentence may be shown.
    #[error("{0}")]
    Invalid(&'static str),
    /// Keys to verify it with cannot be had now; the sentence is for logs.
    #[error("{0}")]
    Unavailable(String),
}

// === impl Authenticator ===

impl Authenticator {
    /// Builds it from the configuration. Without `auth.jwt` everybody is anonymous.
    ///
    /// # Errors
    /// All mistakes in keys, algorithms and addresses.
    pub fn new(config: &AuthConfig, client: &HttpClient) -> Result<Self, Vec<Mistake>> {
        let Some(jwt) = &config.jwt else { return Ok(Self::default()) };
        let (mut issuers, mut mistakes) = (Vec::new(), Vec::new());
        for (at, issuer) in jwt.issuers.iter().enumerate() {
            // Only the first one would ever be asked.
            if jwt.issuers[..at].iter().any(|other| other.issuer == issuer.issuer) {
                let message = format!("\"{}\" is listed twice; give it all its keys", issuer.issuer);
                mistakes.push(Mistake::at(ISSUERS, message).then(at).then("issuer"));
            }
            match Issuer::new(issuer, client) {
                Ok(issuer) => issuers.push(issuer),
                Err(found) => {
                    let below = |mistake: Mistake| mistake.below([Step::Index(at)]).below(ISSUERS);
                    mistakes.extend(found.into_iter().map(below));
                }
            }
        }
        for (index, place) in jwt.from.iter().enumerate() {
            if place.header.is_some() == place.cookie.is_some() {
                let message = "each place has exactly one of header and cookie";
                mistakes.push(Mistake::at(["auth", "jwt", "from"], message).then(index));
            }
        }
        if jwt.issuers.is_empty() {
            mistakes.push(Mistake::at(ISSUERS, "there are none: no token could ever be accepted"));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self { places: jwt.from.clone(), issuers, leeway_seconds: jwt.leeway.0.as_secs() })
    }

    /// Takes over the key sets that `previous` has fetched.
    pub fn follow(&mut self, previous: &Self) {
        let known: Vec<&Jwks> = previous.issuers.iter().filter_map(|issuer| issuer.jwks.as_ref()).collect();
        for own in self.issuers.iter_mut().filter_map(|issuer| issuer.jwks.as_mut()) {
            if let Some(known) = known.iter().find(|known| known.is_like(own)) {
                *own = (*known).clone();
            }
        }
    }

    /// Who asks. A request without a token is anonymous; one with a bad token is refused, since
    /// answering it as if nobody had asked would hide the caller's mistake.
    ///
    /// # Errors
    /// When there is a token that cannot be accepted, or the keys for it do not come by the deadline.
    pub async fn authenticate(&self, headers: &HeaderMap, deadline: Deadline) -> Result<Principal, Rejection> {
        match place::find(headers, &self.places) {
            // In a box, since it may fetch keys: requests are moved about as futures.
            Some(token) if !self.issuers.is_empty() => {
                let verified = timeout_at(deadline.instant().into(), Box::pin(self.verify(token))).await;
                verified.unwrap_or_else(|_| {
                    Err(Rejection::Unavailable("the keys took longer than the request may".to_owned()))
                })
            }
            _ => Ok(Principal::Anonymous),
        }
    }

    async fn verify(&self, token: &str) -> Result<Principal, Rejection> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejection::Invalid("The token is too long"));
        }
        // An algorithm that does not exist, `none` included, does not parse.
        let header = decode_header(token).map_err(|_| Rejection::Invalid("The token cannot be read"))?;
        // Unverified: only used to choose the issuer whose keys then verify the whole.
        let claims: Map<String, Value> =
            insecure_decode_claims(token).map_err(|_| Rejection::Invalid("The token cannot be read"))?;
        let issuer = claims
            .get("iss")
            .and_then(Value::as_str)
            .and_then(|name| self.issuers.iter().find(|issuer| issuer.name == name))
            .ok_or(Rejection::Invalid("The token's issuer is not known here"))?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(Rejection::Invalid("The token's algorithm is not allowed"));
        }
        let validation = self.validation(issuer, header.alg);
        let keys = issuer.keys(header.alg, header.kid.as_deref()).await?;
        let mut reason = "No key fits the token";
        for key in &keys {
            match decode::<Map<String, Value>>(token, &key.key, &validation) {
                Ok(verified) => {
                    let scopes = scopes(verified.claims.get(&issuer.scopes_claim));
                    return Ok(Principal::Known(Arc::new(Caller { claims: verified.claims, scopes })));
                }
                Err(error) => reason = describe(error.kind()),
            }
        }
        Err(Rejection::Invalid(reason))
    }

    fn validation(&self, issuer: &Issuer, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.leeway_seconds;
        validation.validate_nbf = true;
        validation.set_issuer(&[&issuer.name]);
        if issuer.audience.is_empty() {
            validation.validate_aud = false;
        } else {
            validation.set_audience(&issuer.audience);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        validation
    }
}

// === impl Issuer ===

impl Issuer {
    fn new(config: &IssuerConfig, client: &HttpClient) -> Result<Self, Vec<Mistake>> {
        let (keys, mut mistakes) = keys::configured(config);
        let algorithms = keys::allowed(config, &keys).map_err(|found| mistakes.extend(found));
        let jwks = config.jwks.as_ref().map(|origin| Jwks::new(origin, config.refresh.0, client.clone())).transpose();
        let jwks = jwks.map_err(|reason| mistakes.push(Mistake::at(["jwks"], reason)));
        if config.keys.is_empty() && config.jwks.is_none() {
            mistakes.push(Mistake::here(format!("\"{}\" has neither keys nor jwks", config.issuer)));
        }
        let (Ok(algorithms), Ok(jwks), true) = (algorithms, jwks, mistakes.is_empty()) else { return Err(mistakes) };
        Ok(Self {
            name: config.issuer.clone(),
            audience: config.audience.clone(),
            algorithms,
            scopes_claim: config.scopes_claim.clone(),
            keys,
            jwks,
        })
    }

    async fn keys(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<Vec<Key>, Rejection> {
        let mut keys: Vec<Key> = self.keys.iter().filter(|key| key.fits(algorithm, kid)).cloned().collect();
        if keys.is_empty()
            && let Some(jwks) = &self.jwks
        {
            keys = jwks.keys(|key| key.fits(algorithm, kid)).await.map_err(Rejection::Unavailable)?;
        }
        Ok(keys)
    }
}

/// Scopes as text separated by spaces (RFC 8693 §4.2) or as a list.
fn scopes(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn describe(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "The token has expired",
        ErrorKind::ImmatureSignature => "The token is not valid yet",
        ErrorKind::InvalidAudience => "The token is meant for somebody else",
        ErrorKind::MissingRequiredClaim(_) => "The token lacks a required claim",
        ErrorKind::InvalidSignature => "The token's signature is not valid",
        _ => "The token is not valid",
    }
}
