//! From an answer's bytes to the value a mapping sees.

use serde_json::Value;

/// What a content type stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MediaKind {
    /// JSON, or nothing said.
    Json,
    /// Plain text in this charset.
    Text {
        /// In lower case; `utf-8` when nothing is said.
        charset: String,
    },
    /// Anything else, which yields null.
    Other,
}

/// A decoded answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// Something the author should know, although nothing failed.
    pub problem: Option<String>,
}

/// The bytes are not what their content type says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FormatError(String);

/// Reads a `content-type` header.
pub fn media_kind(content_type: Option<&str>) -> MediaKind {
    let Some(content_type) = content_type else { return MediaKind::Json };
    // What most servers say.
    if let "application/json" | "application/json; charset=utf-8" = content_type {
        return MediaKind::Json;
    }
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("").to_ascii_lowercase();
    match essence.as_str() {
        "" | "application/json" => MediaKind::Json,
        other if other.ends_with("+json") => MediaKind::Json,
        "text/plain" => MediaKind::Text { charset: charset(parts).unwrap_or_else(|| "utf-8".to_owned()) },
        _ => MediaKind::Other,
    }
}

/// Decodes `body` by its kind. An empty body is null. JSON deeper than 128 levels is refused.
///
/// # Errors
/// When JSON does not parse, or text is not in a charset we know or not valid in it.
pub fn decode(kind: &MediaKind, body: &[u8]) -> Result<Decoded, FormatError> {
    if body.is_empty() {
        return Ok(Decoded { value: Value::Null, problem: None });
    }
    match kind {
        MediaKind::Json => {
            serde_json::from_slice(body).map(plain).map_err(|error| FormatError(format!("invalid JSON: {error}")))
        }
        MediaKind::Text { charset } => text(charset, body).map(|text| plain(Value::String(text))),
        MediaKind::Other => {
            Ok(Decoded { value: Value::Null, problem: Some("the answer's content type cannot be read".to_owned()) })
        }
    }
}

fn plain(value: Value) -> Decoded {
    Decoded { value, problem: None }
}

fn charset<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<String> {
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

fn text(charset: &str, body: &[u8]) -> Result<String, FormatError> {
    match charset {
        "utf-8" | "utf8" => String::from_utf8(body.to_vec()).map_err(|_| FormatError("invalid UTF-8".to_owned())),
        "us-ascii" | "ascii" if body.is_ascii() => Ok(body.iter().copied().map(char::from).collect()),
        "iso-8859-1" | "latin1" => Ok(body.iter().copied().map(char::from).collect()),
        other => Err(FormatError(format!("text in charset \"{other}\" cannot be read"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(content_type: Option<&str>, body: &[u8]) -> Result<Value, FormatError> {
        decode(&media_kind(content_type), body).map(|decoded| decoded.value)
    }

    #[test]
    fn decodes_by_content_type() {
        assert_eq!(value(None, b"[1]"), Ok(json!([1])));
        assert_eq!(value(Some("application/problem+json; charset=utf-8"), b"{}"), Ok(json!({})));
        assert_eq!(value(Some("text/plain; charset=ISO-8859-1"), b"\xe9"), Ok(json!("é")));
        assert_eq!(value(Some("application/json"), b""), Ok(Value::Null));
        assert!(decode(&MediaKind::Other, b"%PDF").unwrap().problem.is_some());
    }

    #[test]
    fn refuses_what_is_not_what_it_says() {
        assert!(value(None, b"{").is_err());
        assert!(value(Some("text/plain"), b"\xff").is_err());
        assert!(value(Some("text/plain; charset=koi8-r"), b"a").is_err());
    }

    #[test]
    fn refuses_deep_json_instead_of_overflowing() {
        assert!(value(None, &[b'['; 100_000]).is_err());
    }
}
