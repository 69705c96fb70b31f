//! Which media type the answer has, and whether the request's is understood.

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// The media types of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was good.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

/// What a request's head says about its body and the answer, met in one pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Announced {
    /// The media type to answer with; see [`accepted`].
    pub media: Option<MediaType>,
    /// Whether the body is JSON in UTF-8.
    pub is_json: bool,
    /// Whether the body is compressed.
    pub is_encoded: bool,
    /// How many bytes the body has, if that is said.
    pub length: Option<u64>,
}

// === impl Announced ===

impl Announced {
    /// What these headers say. Where one stands twice that may not, the first counts.
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut accepts, mut accept) = (0, None);
        let (mut content_type, mut encoding, mut length) = (None, None, None);
        for (name, value) in headers {
            if *name == ACCEPT {
                accepts += 1;
                accept = Some(value);
            } else if *name == CONTENT_TYPE {
                content_type.get_or_insert(value);
            } else if *name == CONTENT_ENCODING {
                encoding.get_or_insert(value);
            } else if *name == CONTENT_LENGTH {
                length.get_or_insert(value);
            }
        }
        let media = match (accepts, accept.map(HeaderValue::as_bytes)) {
            // What most clients say.
            (0, _) | (1, Some(b"*/*" | b"application/json")) => Some(MediaType::Json),
            (1, Some(b"application/graphql-response+json")) => Some(MediaType::GraphqlResponse),
            _ => negotiated(headers),
        };
        Self {
            media,
            is_json: content_type.is_some_and(is_json),
            is_encoded: encoding.is_some_and(|coding| coding != "identity"),
            length: length.and_then(|length| length.to_str().ok()?.parse().ok()),
        }
    }
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
    Announced::of(headers).media
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

/// Whether a body of this type is JSON in UTF-8.
fn is_json(content_type: &HeaderValue) -> bool {
    if content_type == "application/json" {
        return true;
    }
    let Ok(content_type) = content_type.to_str() else { return false };
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
        let of = |value: &str| Announced::of(&with(CONTENT_TYPE, value)).is_json;
        assert!(of("application/json") && of("Application/JSON; charset=\"UTF-8\""));
        assert!(!of("text/plain") && !of("application/json; charset=latin1"));
        assert!(!Announced::of(&HeaderMap::new()).is_json);
        assert!(!of("application/x-www-form-urlencoded") && !of("multipart/form-data"));
    }

    #[test]
    fn the_first_of_several_counts() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_TYPE, "text/plain"),
            (CONTENT_ENCODING, "gzip"),
            (CONTENT_ENCODING, "identity"),
            (CONTENT_LENGTH, "7"),
            (CONTENT_LENGTH, "x"),
            (ACCEPT, "text/html"),
            (ACCEPT, "application/graphql-response+json"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let media = Some(MediaType::GraphqlResponse);
        let expected = Announced { media, is_json: true, is_encoded: true, length: Some(7) };
        assert_eq!(Announced::of(&headers), expected);
    }
}
