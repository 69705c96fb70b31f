//! What stands around every route: cross-origin rules and compression.

use std::time::Duration;

use axum::Router;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use tower_http::compression::predicate::{And, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel, DefaultPredicate, Predicate};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::platform::base::setting::Mistake;

use super::config::{CorsConfig, HttpConfig, Switch};

/// Answers of up to this many bytes are not compressed.
const ONE_PACKET: u64 = 1 << 10;

/// Whether an answer is compressed.
pub(super) type WorthIt = And<DefaultPredicate, SizeAbove>;

/// Puts the layers around `router`.
///
/// # Errors
/// The settings that cannot be used.
pub fn around(router: Router, config: &HttpConfig) -> Result<Router, Vec<Mistake>> {
    let router = match config.compression {
        Switch::On => router.layer(compression()),
        Switch::Off => router,
    };
    Ok(match cors(&config.cors)? {
        Some(cors) => router.layer(cors),
        None => router,
    })
}

/// Compresses answers as the client accepts. It waits for them: the fastest level already saves most,
/// and what travels in one packet anyway goes as it is.
pub(super) fn compression() -> CompressionLayer<WorthIt> {
    let worth_it = DefaultPredicate::new().and(SizeAbove::new(ONE_PACKET));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it)
}

/// All settings of the section that cannot be used.
pub fn mistakes(config: &HttpConfig) -> Vec<Mistake> {
    cors(&config.cors).err().unwrap_or_default()
}

fn cors(config: &CorsConfig) -> Result<Option<CorsLayer>, Vec<Mistake>> {
    if config.origins.is_empty() {
        return Ok(None);
    }
    let mut mistakes = Vec::new();
    let any = config.origins.iter().any(|origin| origin == "*");
    if any && (config.credentials || config.origins.len() > 1) {
        let star = config.origins.iter().position(|origin| origin == "*").unwrap_or(0);
        let message = "\"*\" stands alone and without credentials";
        mistakes.push(Mistake::at(["http", "cors", "origins"], message).then(star));
    }
    let mut origins: Vec<HeaderValue> = Vec::new();
    for (index, origin) in config.origins.iter().enumerate().filter(|(_, origin)| *origin != "*") {
        match is_origin(origin).then(|| HeaderValue::from_str(origin).ok()).flatten() {
            Some(value) => origins.push(value),
            None => {
                let message = format!("\"{origin}\" is no origin such as https://example.com");
                mistakes.push(Mistake::at(["http", "cors", "origins"], message).then(index));
            }
        }
    }
    let mut headers = vec![CONTENT_TYPE, AUTHORIZATION];
    for (index, name) in config.headers.iter().enumerate() {
        match name.parse::<HeaderName>() {
            Ok(name) => headers.push(name),
            Err(_) => {
                let message = format!("\"{name}\" is no header name");
                mistakes.push(Mistake::at(["http", "cors", "headers"], message).then(index));
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let allowed = if any { AllowOrigin::any() } else { AllowOrigin::list(origins) };
    let max_age: Duration = config.max_age.0;
    Ok(Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(headers)
            .allow_credentials(config.credentials)
            .expose_headers([HeaderName::from_static("x-request-id")])
            .max_age(max_age),
    ))
}

/// `scheme://host[:port]`, and nothing after it: what a browser compares.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(origins: &[&str], credentials: bool) -> Result<bool, Vec<Mistake>> {
        let origins = origins.iter().map(|origin| origin.to_string()).collect();
        cors(&CorsConfig { origins, credentials, ..CorsConfig::default() }).map(|layer| layer.is_some())
    }

    #[test]
    fn no_origin_means_no_cross_origin_access() {
        assert_eq!(with(&[], true), Ok(false));
    }

    #[test]
    fn origins_are_exact_and_the_star_stands_alone() {
        assert_eq!(with(&["https://a.example", "http://localhost:3000"], true), Ok(true));
        assert_eq!(with(&["*"], false), Ok(true));
        assert!(with(&["*"], true).is_err() && with(&["*", "https://a.example"], false).is_err());
        assert!(with(&["https://a.example/"], false).is_err() && with(&["a.example"], false).is_err());
    }
}
