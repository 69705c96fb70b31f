//! Which media type the answer has, and whether the request's is understood.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// The media types of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was good.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

// === impl MediaType ===

impl MediaType {
    /// The `content-type` of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The media type to answer with; `None` when the client accepts none of ours.
///
/// Without an `accept` header, and for wildcards, it is `application/json`: what clients of the
/// years before the specification expect.
pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
    let mut values = headers.get_all(ACCEPT).iter();
    match (values.next().map(|value| value.as_bytes()), values.next()) {
        // What most clients say.
        (None | Some(b"*/*" | b"application/json"), None) => Some(MediaType::Json),
        (Some(b"application/graphql-response+json"), None) => Some(MediaType::GraphqlResponse),
        _ => negotiated(headers),
    }
}

fn negotiated(headers: &HeaderMap) -> Option<MediaType> {
    let mut best: Option<(f32, MediaType)> = None;
    let mut said_anything = false;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or("").split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or("").to_ascii_lowercase();
            if name.is_empty() {
                continue;
            }
            said_anything = true;
            let quality = parts
                .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let media = match name.as_str() {
                "application/graphql-response+json" => MediaType::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => MediaType::Json,
                _ => continue,
            };
            // Of equal qualities the first one named wins.
            if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
                best = Some((quality, media));
            }
        }
    }
    if said_anything { best.map(|(_, media)| media) } else { Some(MediaType::Json) }
}

/// Whether the client would rather have a page than data: a browser's address bar.
pub fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains("text/html") && !accept.contains("application/json") && !accept.contains("graphql-response")
}

/// Whether the request's body is JSON in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    if content_type == "application/json" {
        return true;
    }
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or("");
    let charset = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    });
    media.eq_ignore_ascii_case("application/json")
        && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header value"))])
    }

    #[test]
    fn chooses_the_media_type_by_quality_then_order() {
        let of = |value: &str| accepted(&with(ACCEPT, value));
        assert_eq!(accepted(&HeaderMap::new()), Some(MediaType::Json));
        assert_eq!(of("application/graphql-response+json"), Some(MediaType::GraphqlResponse));
        assert_eq!(of("application/json, application/graphql-response+json"), Some(MediaType::Json));
        assert_eq!(of("application/json;q=0.5, application/graphql-response+json"), Some(MediaType::GraphqlResponse));
        assert_eq!(of("text/html, */*;q=0.1"), Some(MediaType::Json));
        assert_eq!(of("text/plain"), None);
        assert_eq!(of("application/json;q=0"), None);
    }

    #[test]
    fn takes_only_json_in_utf_8() {
        let of = |value: &str| is_json(&with(CONTENT_TYPE, value));
        assert!(of("application/json") && of("Application/JSON; charset=\"UTF-8\""));
        assert!(!of("text/plain") && !of("application/json; charset=latin1") && !is_json(&HeaderMap::new()));
        assert!(!of("application/x-www-form-urlencoded") && !of("multipart/form-data"));
    }
}
