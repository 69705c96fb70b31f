//! What is asked of a server.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::pool::Server;
use super::repeat::Repeat;

/// Beyond this many bytes a body is not copied to stand behind its head.
const COPIED_BODY: usize = 16 << 10;
/// The longest path and query.
const MAX_PATH: usize = (u16::MAX - 1) as usize;

/// A request to a server that is known.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'r> {
    /// Whom to ask.
    pub server: &'r Server,
    /// The method.
    pub method: &'r Method,
    /// Path and query, all of it visible ASCII: [`is_path`].
    pub path: &'r str,
    /// Headers that are the same in every such request; those of `headers` stand in their place.
    pub standing: &'r [(HeaderName, HeaderValue)],
    /// Headers of this request. Its length is told without them.
    pub headers: &'r HeaderMap,
    /// The content.
    pub body: &'r [u8],
    /// Whether it may reach the server twice.
    pub repeat: Repeat,
    /// The largest response body, inflated.
    pub max_bytes: usize,
}

/// A request as it is written to an HTTP/1.1 connection.
#[derive(Debug)]
pub(super) struct Written<'r> {
    /// The head, and the body if it is small.
    pub(super) text: Vec<u8>,
    /// The body, if it is not.
    pub(super) rest: &'r [u8],
    /// Whether the response has no content whatever it says.
    pub(super) is_head: bool,
}

/// Whether a path with its query can be asked for as it stands.
pub fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.len() <= MAX_PATH && text.bytes().all(|byte| byte.is_ascii_graphic())
}

// === impl Outgoing ===

impl<'r> Outgoing<'r> {
    /// Writes the request as RFC 9112 §3 says.
    pub(super) fn write(&self) -> Written<'r> {
        let host = self.server.host();
        let copied = if self.body.len() <= COPIED_BODY { self.body.len() } else { 0 };
        let mut text = Vec::with_capacity(256 + self.path.len() + copied);
        text.extend_from_slice(self.method.as_str().as_bytes());
        text.push(b' ');
        text.extend_from_slice(self.path.as_bytes());
        text.extend_from_slice(b" HTTP/1.1\r\n");
        if self.headers.is_empty() {
            line(&mut text, &HOST, host);
            self.standing.iter().for_each(|(name, value)| line(&mut text, name, value));
        } else {
            if !self.headers.contains_key(HOST) {
                line(&mut text, &HOST, host);
            }
            self.headers_but_length(|name, value| line(&mut text, name, value));
        }
        if let Some(length) = self.length() {
            text.extend_from_slice(b"content-length: ");
            decimal(&mut text, length);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        let (copied, rest) = self.body.split_at(copied);
        text.extend_from_slice(copied);
        Written { text, rest, is_head: *self.method == Method::HEAD }
    }

    /// All headers, for other versions of HTTP.
    pub(super) fn to_map(self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.standing.len() + self.headers.len() + 1);
        self.headers_but_length(|name, value| {
            map.append(name.clone(), value.clone());
        });
        if let Some(length) = self.length() {
            map.insert(CONTENT_LENGTH, length.into());
        }
        map
    }

    fn headers_but_length(&self, mut each: impl FnMut(&HeaderName, &HeaderValue)) {
        let standing = self.standing.iter().filter(|(name, _)| !self.headers.contains_key(name));
        standing.for_each(|(name, value)| each(name, value));
        let own = self.headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH && **name != TRANSFER_ENCODING);
        own.for_each(|(name, value)| each(name, value));
    }

    /// Where a body is expected, that there is none is said.
    fn length(&self) -> Option<usize> {
        let is_expected = matches!(*self.method, Method::POST | Method::PUT | Method::PATCH);
        (is_expected || !self.body.is_empty()).then_some(self.body.len())
    }
}

fn line(text: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    text.extend_from_slice(name.as_str().as_bytes());
    text.extend_from_slice(b": ");
    text.extend_from_slice(value.as_bytes());
    text.extend_from_slice(b"\r\n");
}

fn decimal(text: &mut Vec<u8>, mut number: usize) {
    let start = text.len();
    loop {
        text.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text[start..].reverse();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::{ACCEPT, ACCEPT_ENCODING};

    use super::super::pool::Pool;
    use super::*;

    #[test]
    fn requests_are_written_as_the_standard_says() {
        let text = |value| HeaderValue::from_static(value);
        let standing = [(ACCEPT, text("a/b")), (ACCEPT_ENCODING, text("gzip"))];
        let headers = HeaderMap::from_iter([(ACCEPT, text("c/d")), (CONTENT_LENGTH, text("7"))]);
        let none = HeaderMap::new();
        let server = Pool::new(Duration::ZERO, 0).server(&"http://h:1".parse().unwrap()).unwrap();
        let write = |method, headers, body| {
            let (server, path, standing) = (&server, "/a?b=c", &standing);
            let (repeat, max_bytes) = (Repeat::Never, 0);
            let written = Outgoing { server, method, path, standing, headers, body, repeat, max_bytes }.write();
            String::from_utf8([&written.text, written.rest].concat()).unwrap()
        };
        assert_eq!(
            write(&Method::GET, &none, b""),
            "GET /a?b=c HTTP/1.1\r\nhost: h:1\r\naccept: a/b\r\naccept-encoding: gzip\r\n\r\n"
        );
        assert_eq!(
            write(&Method::PUT, &headers, b""),
            "PUT /a?b=c HTTP/1.1\r\nhost: h:1\r\naccept-encoding: gzip\r\naccept: c/d\r\ncontent-length: 0\r\n\r\n"
        );
        let named = HeaderMap::from_iter([(HOST, text("other"))]);
        assert!(write(&Method::POST, &named, b"x").ends_with("gzip\r\nhost: other\r\ncontent-length: 1\r\n\r\nx"));
        let long = vec![b'x'; 120_304];
        let written = write(&Method::DELETE, &none, &long);
        assert!(written.contains("content-length: 120304\r\n\r\nxx") && written.len() > long.len());
    }

    #[test]
    fn paths_that_would_break_out_of_their_line_are_none() {
        assert!(is_path("/") && is_path("/a%20b?c=d"));
        for text in ["", "a", "/a b", "/a\r\nx: y", "/a\0", "/\u{e9}", &"/a".repeat(40_000)] {
            assert!(!is_path(text), "{text:?}");
        }
    }
}
