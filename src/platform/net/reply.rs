//! What a server answers, and how the head of an HTTP/1.1 response is understood.

use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::error::NetError;
use super::inflate::inflate;
use super::keep_alive::{KEEP_ALIVE, Kept};

/// Headers that a response may have.
const MAX_HEADERS: usize = 100;

/// A whole response.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The content, inflated.
    pub body: Bytes,
    head: Head,
}

/// The headers of a response.
#[derive(Clone, Debug)]
enum Head {
    /// As they came, with the place of the content type.
    Text(Bytes, Option<Range<usize>>),
    Map(HeaderMap),
}

/// What the head of a response says about its connection and its content (RFC 9112 §6.3, §9.3).
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Framing {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// How many bytes the head has.
    pub(super) len: usize,
    /// How long the connection is kept; not at all, if it cannot be used again.
    pub(super) kept: Option<Kept>,
    /// Whether the content is coded.
    pub(super) is_coded: bool,
    content_type: Option<Range<usize>>,
}

/// Where the content of a response ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Why a head cannot be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum HeadError {
    #[error("the response is no HTTP: {0}")]
    Syntax(httparse::Error),
    #[error("the response says in two ways how long it is")]
    Length,
    #[error("the response has a transfer coding that was not asked for")]
    Coding,
    #[error("the response has a status that cannot be")]
    Status,
}

// === impl Reply ===

impl Reply {
    pub(super) fn of_text(framing: &Framing, head: Bytes, body: Bytes) -> Self {
        Self { status: framing.status, body, head: Head::Text(head, framing.content_type.clone()) }
    }

    pub(super) fn of_map(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, body, head: Head::Map(headers) }
    }

    /// The `content-type`, if it is readable.
    pub fn content_type(&self) -> Option<&str> {
        match &self.head {
            Head::Text(head, range) => std::str::from_utf8(head.get(range.clone()?)?).ok(),
            Head::Map(headers) => headers.get(CONTENT_TYPE)?.to_str().ok(),
        }
    }

    /// All headers.
    pub fn headers(&self) -> HeaderMap {
        match &self.head {
            Head::Text(head, _) => read_headers(head),
            Head::Map(headers) => headers.clone(),
        }
    }

    /// The reply with its content inflated, to at most `max_bytes`.
    pub(super) async fn inflated(self, max_bytes: usize) -> Result<Self, NetError> {
        let (mut headers, status) = (self.headers(), self.status);
        let body = inflate(&mut headers, self.body, max_bytes).await?;
        Ok(Self { status, body, head: Head::Map(headers) })
    }

    /// The same in the words of the `http` crate.
    pub fn into_response(self) -> Response<Bytes> {
        let headers = match self.head {
            Head::Text(head, _) => read_headers(&head),
            Head::Map(headers) => headers,
        };
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}

/// The headers of a head that was understood before. They share its bytes.
fn read_headers(head: &Bytes) -> HeaderMap {
    let mut room = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, head, &mut room);
    let mut headers = HeaderMap::new();
    if parsed.is_ok() {
        for header in response.headers.iter() {
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_maybe_shared(head.slice_ref(header.value));
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
    }
    headers
}

// === impl Framing ===

impl Framing {
    /// How long the whole response is, head and content, if that is known.
    pub(super) fn whole_len(&self) -> Option<usize> {
        match self.content {
            Content::Length(length) => self.len.checked_add(usize::try_from(length).ok()?),
            Content::Chunked | Content::UntilClose => None,
        }
    }

    /// Reads the head that `text` begins with; `None` when it is not complete. `is_head`: it answers a
    /// HEAD request.
    pub(super) fn read(text: &[u8], is_head: bool) -> Result<Option<Self>, HeadError> {
        let mut room = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default()
            .parse_response_with_uninit_headers(&mut response, text, &mut room)
            .map_err(HeadError::Syntax)?;
        let httparse::Status::Complete(len) = parsed else { return Ok(None) };
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(HeadError::Status)?;
        let is_old = response.version != Some(1);
        let mut said = Said::default();
        for header in response.headers.iter() {
            said.take(header, text)?;
        }
        let is_empty = is_head || status.is_informational() || matches!(status.as_u16(), 204 | 304);
        let content = match (is_empty, said.is_chunked, said.length) {
            (true, ..) => Content::Length(0),
            (false, true, _) if is_old => return Err(HeadError::Coding),
            (false, true, _) => Content::Chunked,
            (false, false, Some(length)) => Content::Length(length),
            (false, false, None) => Content::UntilClose,
        };
        // Who says twice how long it is may be misunderstood by somebody in between.
        let is_doubtful = said.is_chunked && said.length.is_some();
        let stays = !said.closes && (!is_old || said.stays) && content != Content::UntilClose && !is_doubtful;
        let kept = said.kept;
        Ok(Some(Self {
            status,
            content,
            len,
            kept: if stays { kept } else { None },
            is_coded: said.is_coded,
            content_type: said.content_type,
        }))
    }
}

/// What headers say.
struct Said {
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    stays: bool,
    is_coded: bool,
    kept: Option<Kept>,
    content_type: Option<Range<usize>>,
}

impl Default for Said {
    fn default() -> Self {
        let kept = Some(Kept::default());
        Self { length: None, is_chunked: false, closes: false, stays: false, is_coded: false, kept, content_type: None }
    }
}

// === impl Said ===

impl Said {
    fn take(&mut self, header: &httparse::Header<'_>, text: &[u8]) -> Result<(), HeadError> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        // Told apart by length first: most headers are none of these.
        match header.name.len() {
            10 if is("connection") => self.connection(header.value),
            10 if is(KEEP_ALIVE.as_str()) => {
                self.kept = self.kept.and_then(|kept| kept.read(header.value));
            }
            12 if is("content-type") && self.content_type.is_none() => {
                let start = header.value.as_ptr() as usize - text.as_ptr() as usize;
                self.content_type = Some(start..start + header.value.len());
            }
            14 if is("content-length") => self.length(header.value)?,
            16 if is("content-encoding") => self.is_coded = true,
            17 if is("transfer-encoding") => {
                if self.is_chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(HeadError::Coding);
                }
                self.is_chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            self.closes |= option.eq_ignore_ascii_case(b"close");
            self.stays |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// The same length may be said several times.
    fn length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        for told in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            let is_number = !told.is_empty() && told.iter().all(u8::is_ascii_digit);
            let number = std::str::from_utf8(told).ok().filter(|_| is_number).and_then(|told| told.parse().ok());
            let number = number.ok_or(HeadError::Length)?;
            if self.length.is_some_and(|known| known != number) {
                return Err(HeadError::Length);
            }
            self.length = Some(number);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Framing>, HeadError> {
        Framing::read(text.replace('\n', "\r\n").as_bytes(), false)
    }

    fn content(text: &str) -> Result<Content, HeadError> {
        read(text).map(|framing| framing.expect("complete").content)
    }

    fn stays(text: &str) -> bool {
        read(text).unwrap().expect("complete").kept.is_some()
    }

    #[test]
    fn the_end_of_a_response_is_where_the_standard_says() {
        for (headers, expected) in [
            ("", Ok(Content::UntilClose)),
            ("content-length: 5\n", Ok(Content::Length(5))),
            ("Content-Length: 5, 5\ncontent-length:5\n", Ok(Content::Length(5))),
            ("content-length: 5\ncontent-length: 6\n", Err(HeadError::Length)),
            ("content-length: 5, 6\n", Err(HeadError::Length)),
            ("content-length: +5\n", Err(HeadError::Length)),
            ("content-length: -1\n", Err(HeadError::Length)),
            ("content-length:\n", Err(HeadError::Length)),
            ("content-length: 99999999999999999999999\n", Err(HeadError::Length)),
            ("transfer-encoding: Chunked\n", Ok(Content::Chunked)),
            ("transfer-encoding: chunked\ncontent-length: 5\n", Ok(Content::Chunked)),
            ("transfer-encoding: gzip, chunked\n", Err(HeadError::Coding)),
            ("transfer-encoding: chunked\ntransfer-encoding: chunked\n", Err(HeadError::Coding)),
            ("transfer-encoding: identity\n", Err(HeadError::Coding)),
        ] {
            assert_eq!(content(&format!("HTTP/1.1 200 OK\n{headers}\n")), expected, "{headers}");
        }
        assert_eq!(content("HTTP/1.1 204 No Content\ncontent-length: 5\n\n"), Ok(Content::Length(0)));
        assert_eq!(content("HTTP/1.1 304\ntransfer-encoding: chunked\n\n"), Ok(Content::Length(0)));
        assert_eq!(content("HTTP/1.0 200 OK\ntransfer-encoding: chunked\n\n"), Err(HeadError::Coding));
        let head = Framing::read(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true);
        assert_eq!(head.unwrap().unwrap().content, Content::Length(0));
    }

    #[test]
    fn a_connection_stays_unless_somebody_says_otherwise() {
        for (text, expected) in [
            ("HTTP/1.1 200 OK\ncontent-length: 0\n\n", true),
            ("HTTP/1.1 200 OK\ncontent-length: 0\nconnection: x, Close\n\n", false),
            ("HTTP/1.1 200 OK\n\n", false),
            ("HTTP/1.1 200 OK\ncontent-length: 0\nkeep-alive: timeout=0\n\n", false),
            ("HTTP/1.1 200 OK\ncontent-length: 1\ntransfer-encoding: chunked\n\n", false),
            ("HTTP/1.0 200 OK\ncontent-length: 0\n\n", false),
            ("HTTP/1.0 200 OK\ncontent-length: 0\nconnection: Keep-Alive\n\n", true),
        ] {
            assert_eq!(stays(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_head_is_told_from_what_is_not_yet_one() {
        assert_eq!(read("HTTP/1.1 200 OK\ncontent-le"), Ok(None));
        assert!(matches!(read("SSH-2.0-OpenSSH_9.2\n"), Err(HeadError::Syntax(_))));
        assert!(matches!(read("HTTP/1.1 200 OK\na : b\n\n"), Err(HeadError::Syntax(_))));
        assert!(matches!(read("HTTP/1.1 200 OK\na: b\n c\n\n"), Err(HeadError::Syntax(_))));
        assert!(matches!(read("HTTP/1.1 099 OK\n\n"), Err(HeadError::Status)));
    }

    #[test]
    fn headers_are_read_when_they_are_asked_for() {
        let text = "HTTP/1.1 200 OK\r\nx-a: 1\r\nContent-Type: a/b\r\nX-A: 2\r\n\r\n";
        let framing = Framing::read(text.as_bytes(), false).unwrap().unwrap();
        let reply = Reply::of_text(&framing, Bytes::from_static(text.as_bytes()), Bytes::new());
        assert_eq!(reply.content_type(), Some("a/b"));
        let values: Vec<_> = reply.headers().get_all("x-a").iter().cloned().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(reply.into_response().headers().len(), 3);
    }
}
