//! Where a token stands in a request.

use http::HeaderMap;
use http::header::COOKIE;

use crate::gateway::auth::config::TokenPlace;

/// The token in the first of `places` that has one.
pub fn find<'h>(headers: &'h HeaderMap, places: &[TokenPlace]) -> Option<&'h str> {
    places.iter().find_map(|place| match (&place.header, &place.cookie) {
        (Some(header), _) => in_header(headers, header, place.prefix.as_deref()),
        (None, Some(cookie)) => in_cookie(headers, cookie),
        (None, None) => None,
    })
}

fn in_header<'h>(headers: &'h HeaderMap, name: &str, prefix: Option<&str>) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    let Some(prefix) = prefix else { return Some(value) };
    // RFC 9110 §11.1: the scheme is case-insensitive.
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(prefix).then(|| token.trim())
}

fn in_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}
