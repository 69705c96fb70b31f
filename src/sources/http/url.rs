//! How a request's URL is put together (connect language §3.1).
//!
//! Scheme and authority come from literal text or from configuration alone, so no client can
//! choose whom we call; what a client says can fill a segment but never leave it.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::sources::format::{push_legal, push_percent_encoded};

/// Room for the path of most requests.
const TYPICAL_PATH: usize = 64;

/// A part of a template whose holes are evaluated.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece<'a> {
    /// Text of the template, as [`legal`] gives it.
    Text(&'a str),
    /// What a hole yielded; missing is `Null`.
    Hole(Value),
}

/// A URL being put together; each part is appended to what is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    origin: Arc<str>,
    path: String,
    query: String,
}

/// Why a URL could not be put together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlError {
    /// A hole would leave its path segment.
    #[error("a path segment would be \"{0}\"")]
    Segment(String),
    /// A hole or list element is an object or a list.
    #[error("a value in the {0} is not a scalar")]
    NotScalar(&'static str),
    /// A mapping of the wrong kind.
    #[error("{0} must yield {1}")]
    Kind(&'static str, &'static str),
    /// A value could not be made.
    #[error("{0}")]
    NoValue(String),
    /// No scheme or host, or ones we do not speak.
    #[error("\"{0}\" is not an absolute http or https URL")]
    NotAbsolute(String),
}

// === impl Url ===

impl Url {
    /// Starts from an absolute URL's text.
    ///
    /// # Errors
    /// When the text has no http or https scheme, no host, or names a user.
    pub fn absolute(text: &str) -> Result<Self, UrlError> {
        let error = || UrlError::NotAbsolute(text.to_owned());
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or_else(error)?;
        let scheme = scheme.to_ascii_lowercase();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if !matches!(scheme.as_str(), "http" | "https") || authority.is_empty() || authority.contains(['@', ' ', '\\'])
        {
            return Err(error());
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let origin = format!("{scheme}://{authority}").into();
        let mut url = Self { origin, path: String::new(), query: String::new() };
        push_legal(&mut url.path, path);
        push_legal(&mut url.query, query);
        Ok(url)
    }

    /// Appends a relative template's path and query.
    ///
    /// # Errors
    /// When a hole would leave its segment or is not a scalar.
    pub fn push_template<'p>(
        &mut self,
        pieces: impl IntoIterator<Item = Result<Piece<'p>, UrlError>>,
    ) -> Result<(), UrlError> {
        let mut path = PathWriter { out: String::with_capacity(TYPICAL_PATH), ..PathWriter::default() };
        let mut query = String::new();
        let mut in_query = false;
        for piece in pieces {
            match piece? {
                Piece::Text(text) if in_query => query.push_str(text),
                Piece::Text(text) => match text.split_once('?') {
                    None => path.text(text)?,
                    Some((before, after)) => {
                        path.text(before)?;
                        in_query = true;
                        query.push_str(after);
                    }
                },
                Piece::Hole(value) => {
                    let text = scalar_text(&value).ok_or(UrlError::NotScalar("URL"))?;
                    if in_query { push_percent_encoded(&mut query, &text) } else { path.hole(&text) }
                }
            }
        }
        let path = path.finish()?;
        match self.path.is_empty() && path.starts_with('/') {
            true => self.path = path,
            false => self.join_path(&path),
        }
        self.join_query(&query);
        Ok(())
    }

    /// Appends the segments a `path` mapping yielded.
    ///
    /// # Errors
    /// When it is not a list of scalars, or an element would leave its segment.
    pub fn push_path(&mut self, value: &Value) -> Result<(), UrlError> {
        let Value::Array(items) = value else { return Err(UrlError::Kind("path", "a list of scalars")) };
        for item in items {
            let text = scalar_text(item).ok_or(UrlError::NotScalar("path"))?;
            check_segment(&text, true)?;
            let mut segment = String::new();
            push_percent_encoded(&mut segment, &text);
            self.join_path(&segment);
        }
        Ok(())
    }

    /// Appends the parameters a `queryParams` mapping yielded: null is left out, a list repeats.
    ///
    /// # Errors
    /// When it is not an object of scalars or lists of scalars.
    pub fn push_query(&mut self, value: &Value) -> Result<(), UrlError> {
        let Value::Object(fields) = value else { return Err(UrlError::Kind("queryParams", "an object")) };
        for (name, value) in fields {
            let values = match value {
                Value::Array(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            };
            for value in values.iter().filter(|value| !value.is_null()) {
                let text = scalar_text(value).ok_or(UrlError::NotScalar("query"))?;
                if !self.query.is_empty() {
                    self.query.push('&');
                }
                push_percent_encoded(&mut self.query, name);
                self.query.push('=');
                push_percent_encoded(&mut self.query, &text);
            }
        }
        Ok(())
    }

    /// Replaces path and query by those of `target`, a URL or a path: the origin stays.
    pub fn anchored(&self, target: &str) -> Self {
        let rest = match target.split_once("://") {
            Some((_, rest)) => rest.find(['/', '?']).map_or("", |at| &rest[at..]),
            None => target,
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self { origin: self.origin.clone(), path: String::new(), query: String::new() };
        push_legal(&mut url.path, path);
        push_legal(&mut url.query, query);
        url
    }

    /// Path and query: what the server is asked for.
    pub fn into_path(self) -> String {
        let mut text = self.path;
        if text.is_empty() {
            text.push('/');
        }
        if !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        text
    }

    /// Scheme and authority.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn join_path(&mut self, path: &str) {
        if path.is_empty() {
            return;
        }
        if self.path.ends_with('/') {
            self.path.pop();
        }
        if !path.starts_with('/') {
            self.path.push('/');
        }
        self.path.push_str(path);
    }

    fn join_query(&mut self, query: &str) {
        let query = query.trim_matches('&');
        if query.is_empty() {
            return;
        }
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(query);
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)?;
        f.write_str(&self.clone().into_path())
    }
}

/// Text of a template as it stands in a URL, without the characters that fold a long template.
pub fn legal(text: &str) -> String {
    let folds = |c: char| matches!(c, '\t' | '\n' | '\r' | '\x0c');
    let unfolded: String = text.chars().filter(|&c| !folds(c)).collect();
    let mut legal = String::new();
    push_legal(&mut legal, &unfolded);
    legal
}

/// The text of a scalar in a URL or header; null is empty, objects and lists have none.
fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => Some("".into()),
        Value::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        Value::Number(number) => {
            Some(number.as_i64().map_or_else(|| number.to_string(), |number| number.to_string()).into())
        }
        Value::String(text) => Some(text.into()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a template's path and watches each segment that has a hole.
#[derive(Default)]
struct PathWriter {
    out: String,
    /// Where the open segment starts.
    start: usize,
    has_hole: bool,
    has_text: bool,
}

// === impl PathWriter ===

impl PathWriter {
    fn text(&mut self, text: &str) -> Result<(), UrlError> {
        let Some((first, rest)) = text.split_once('/') else {
            self.has_text |= !text.is_empty();
            self.out.push_str(text);
            return Ok(());
        };
        self.has_text |= !first.is_empty();
        self.out.push_str(first);
        self.close()?;
        // What lies between is text alone, which may be whatever its author wrote.
        let last = rest.rfind('/').map_or(0, |slash| slash + 1);
        self.out.push('/');
        self.out.push_str(&rest[..last]);
        self.start = self.out.len();
        self.has_text = last < rest.len();
        self.out.push_str(&rest[last..]);
        Ok(())
    }

    fn hole(&mut self, text: &str) {
        self.has_hole = true;
        push_percent_encoded(&mut self.out, text);
    }

    /// Ends the open segment; one that a hole takes part in may not be `.`, `..` or, when it is
    /// made of holes alone, empty.
    fn close(&mut self) -> Result<(), UrlError> {
        if self.has_hole {
            check_segment(self.out.get(self.start..).unwrap_or(""), !self.has_text)?;
        }
        self.has_hole = false;
        self.has_text = false;
        Ok(())
    }

    fn finish(mut self) -> Result<String, UrlError> {
        self.close()?;
        Ok(self.out)
    }
}

fn check_segment(text: &str, refuse_empty: bool) -> Result<(), UrlError> {
    match text {
        "." | ".." => Err(UrlError::Segment(text.to_owned())),
        "" if refuse_empty => Err(UrlError::Segment(String::new())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template as test text: `{…}` holds JSON.
    fn push(url: &mut Url, template: &str) -> Result<(), UrlError> {
        let legal = legal(template.split('{').next().unwrap_or(""));
        let later: Vec<_> = template
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(hole, text)| (serde_json::from_str(hole).unwrap(), super::legal(text)))
            .collect();
        let later =
            later.iter().flat_map(|(hole, text): &(Value, String)| [Piece::Hole(hole.clone()), Piece::Text(text)]);
        url.push_template(std::iter::once(Piece::Text(&legal)).chain(later).map(Ok))
    }

    fn assemble(base: &str, source_path: &str, template: &str, path: &str, query: &str) -> String {
        let build = || {
            let mut url = Url::absolute(base)?;
            if !source_path.is_empty() {
                url.push_path(&serde_json::from_str(source_path).unwrap())?;
            }
            push(&mut url, template)?;
            if !path.is_empty() {
                url.push_path(&serde_json::from_str(path).unwrap())?;
            }
            if !query.is_empty() {
                url.push_query(&serde_json::from_str(query).unwrap())?;
            }
            Ok::<_, UrlError>(url.to_string())
        };
        build().unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn assembles_urls_as_the_table_says() {
        let table = [
            ("http://h", "", "/users", "", "", "http://h/users"),
            ("http://h", "", "", "", "", "http://h/"),
            ("http://h/v1/", "", "/users", "", "", "http://h/v1/users"),
            ("http://h/v1", "", "users/", "", "", "http://h/v1/users/"),
            ("http://h/v1", "", "/", "", "", "http://h/v1/"),
            (
                "http://h:8080/v1?k=1",
                r#"["a b","c"]"#,
                "/d?e=1",
                r#"["f"]"#,
                r#"{"g":2}"#,
                "http://h:8080/v1/a%20b/c/d/f?k=1&e=1&g=2",
            ),
            ("http://h", "", r#"/users/{"a/b?c"}"#, "", "", "http://h/users/a%2Fb%3Fc"),
            ("http://h", "", r#"/users?id={"a&b=c d"}"#, "", "", "http://h/users?id=a%26b%3Dc%20d"),
            ("http://h", "", "/users?id={null}&x={7}", "", "", "http://h/users?id=&x=7"),
            ("http://h", "", "/users/{1}-{true}/x", "", "", "http://h/users/1-true/x"),
            ("http://h", "", "/a\n\t/b", "", "", "http://h/a/b"),
            ("http://h", "", "/a b/é", "", "", "http://h/a%20b/%C3%A9"),
            ("http://h", "", "/x", "", r#"{"a":[1,2],"b":null,"c":"é"}"#, "http://h/x?a=1&a=2&c=%C3%A9"),
            ("http://h", "", "/x/{\"..\"}", "", "", "error: a path segment would be \"..\""),
            ("http://h", "", "/x/{\".\"}/y", "", "", "error: a path segment would be \".\""),
            ("http://h", "", "/x/.{\".\"}", "", "", "error: a path segment would be \"..\""),
            ("http://h", "", "/x/{null}", "", "", "error: a path segment would be \"\""),
            ("http://h", "", "/x{null}", "", "", "http://h/x"),
            ("http://h", "", "/x/{\"..\"}{\"a\"}", "", "", "http://h/x/..a"),
            ("http://h", "", "/x/{\"%2e%2e\"}", "", "", "http://h/x/%252e%252e"),
            ("http://h", "", "/x/{[1]}", "", "", "error: a value in the URL is not a scalar"),
            ("http://h", "", "/x", r#"[".."]"#, "", "error: a path segment would be \"..\""),
            ("http://h", "", "/x", r#"{"a":1}"#, "", "error: path must yield a list of scalars"),
            ("http://h", "", "/x", "", r#"{"a":{"b":1}}"#, "error: a value in the query is not a scalar"),
            ("ftp://h", "", "/x", "", "", "error: \"ftp://h\" is not an absolute http or https URL"),
            ("http://u@h", "", "/x", "", "", "error: \"http://u@h\" is not an absolute http or https URL"),
        ];
        for (base, source_path, template, path, query, expected) in table {
            assert_eq!(assemble(base, source_path, template, path, query), expected, "{base} {template}");
        }
    }

    #[test]
    fn a_next_link_keeps_the_origin() {
        let url = Url::absolute("https://api.example/v1").unwrap();
        assert_eq!(url.anchored("http://evil.example/v1/x?page=2").to_string(), "https://api.example/v1/x?page=2");
        assert_eq!(url.anchored("/v1/x?page=3").to_string(), "https://api.example/v1/x?page=3");
    }
}
