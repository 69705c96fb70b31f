//! An HTTP/1.1 connection and one exchange on it (RFC 9112).
//!
//! It has no task of its own: whoever asks writes, waits and reads. Heads are taken apart by
//! `httparse`; what is decided here is where a response ends, and whether the connection can be used
//! again. In doubt it cannot.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

use super::connection::{Reached, Stream, Unanswered};
use super::error::{NetError, NetErrorKind};
use super::keep_alive::Kept;
use super::reply::{Content, Framing, Reply};
use super::request::Written;

/// How much is read at once at first.
const ROOM: usize = 8 << 10;
/// Responses of up to this many bytes are copied out of the room they were read into, so that it can be
/// used again.
const COPIED: usize = 1 << 10;
/// Room that is made for a body on its announced length alone.
const MAX_ROOM: usize = 256 << 10;
/// The largest head; and the largest line between chunks, or all lines after them.
const MAX_HEAD: usize = 64 << 10;
/// Interim responses before the final one.
const MAX_INTERIM: usize = 16;

/// An open connection, between two exchanges. In a box, since it is moved about.
pub(super) struct Http1(Box<Open>);

struct Open {
    wire: Wire,
    /// What was read and not used yet.
    read: BytesMut,
    /// Room for a response like the last ones.
    usual: usize,
}

/// Bytes to a server and back.
enum Wire {
    Plain(TcpStream),
    Tls(Box<TokioIo<Stream>>),
}

/// One exchange while it runs.
struct Exchange<'r> {
    open: Box<Open>,
    /// What is not written yet.
    unsent: Unsent<'r>,
    is_any_sent: bool,
    is_any_read: bool,
}

struct Unsent<'r> {
    text: &'r [u8],
    rest: &'r [u8],
}

/// A response, and the connection if it can be used again.
pub(super) struct Answered {
    pub(super) reply: Reply,
    /// Whether the content is still coded.
    pub(super) is_coded: bool,
    pub(super) idle: Option<(Http1, Kept)>,
}

// === impl Http1 ===

impl Http1 {
    pub(super) fn new(stream: Stream) -> Self {
        let wire = match stream {
            MaybeHttpsStream::Http(plain) => Wire::Plain(plain.into_inner()),
            tls => Wire::Tls(Box::new(TokioIo::new(tls))),
        };
        Self(Box::new(Open { wire, read: BytesMut::new(), usual: ROOM }))
    }

    /// Whether the server has not closed the connection, as far as is known here. It should have
    /// said nothing meanwhile.
    pub(super) fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let context = &mut Context::from_waker(Waker::noop());
        self.0.wire.poll_read(context, &mut ReadBuf::new(&mut byte)).is_pending()
    }

    /// Sends a request and reads its response, of at most `max_bytes`. Dropping the future closes the
    /// connection.
    pub(super) async fn exchange(self, request: &Written<'_>, max_bytes: usize) -> Result<Answered, Unanswered> {
        let unsent = Unsent { text: &request.text, rest: request.rest };
        let mut exchange = Exchange { open: self.0, unsent, is_any_sent: false, is_any_read: false };
        match exchange.run(request.is_head, max_bytes).await {
            Ok((reply, framing)) => {
                let is_over = exchange.open.read.is_empty() && exchange.unsent.is_empty();
                let kept = framing.kept.filter(|_| is_over);
                let idle = kept.map(|kept| (Self(exchange.open), kept));
                Ok(Answered { reply, is_coded: framing.is_coded, idle })
            }
            Err(error) => {
                let reached = match (exchange.is_any_sent, exchange.is_any_read) {
                    (_, true) => Reached::Server,
                    (true, false) => Reached::Perhaps,
                    (false, false) => Reached::Nobody,
                };
                Err(Unanswered { error, reached })
            }
        }
    }
}

// === impl Exchange ===

impl Exchange<'_> {
    async fn run(&mut self, is_head: bool, max_bytes: usize) -> Result<(Reply, Framing), NetError> {
        let framing = self.head(is_head).await?;
        if let Some(len) = framing.whole_len().filter(|len| *len <= COPIED.min(framing.len.saturating_add(max_bytes))) {
            while self.open.read.len() < len {
                self.fill(len - self.open.read.len()).await?;
            }
            let head = Bytes::copy_from_slice(&self.open.read[..len]);
            let body = head.slice(framing.len..);
            match self.open.read.len() == len {
                // Large room is not kept for small responses.
                true if self.open.usual > ROOM => self.open.read = BytesMut::new(),
                true => self.open.read.clear(),
                false => self.open.read.advance(len),
            }
            self.open.expect(len);
            return Ok((Reply::of_text(&framing, head, body), framing));
        }
        let head = self.open.read.split_to(framing.len).freeze();
        let body = match framing.content {
            Content::Length(length) => {
                let body = self.sized(length, max_bytes).await?;
                self.open.expect(head.len() + body.len());
                body
            }
            Content::Chunked => self.chunks(max_bytes).await?,
            Content::UntilClose => self.rest(max_bytes).await?,
        };
        if self.open.read.is_empty() {
            // What is left of the room belongs to the response.
            self.open.read = BytesMut::new();
        }
        Ok((Reply::of_text(&framing, head, body), framing))
    }

    /// Sends the request, and reads the head of the final response.
    async fn head(&mut self, is_head: bool) -> Result<Framing, NetError> {
        let mut seen = 0;
        let mut interim = 0;
        loop {
            // What comes while the request is written may be preliminary: then the rest is still to be written,
            // or what is written to be sent on its way.
            if !self.unsent.is_empty() || seen == 0 && self.open.read.is_empty() {
                poll_fn(|context| self.poll_send(context)).await.map_err(broken)?;
            }
            // A part that ends no line completes no head.
            if self.open.read[seen..].contains(&b'\n') {
                match Framing::read(&self.open.read, is_head).map_err(senseless)? {
                    Some(framing) if !framing.status.is_informational() => return Ok(framing),
                    Some(framing) if framing.status.as_u16() == 101 || interim == MAX_INTERIM => {
                        return Err(senseless("the response is none to this request"));
                    }
                    Some(framing) => {
                        interim += 1;
                        self.open.read.advance(framing.len);
                        seen = 0;
                        continue;
                    }
                    None => {}
                }
            }
            seen = self.open.read.len();
            if seen > MAX_HEAD {
                return Err(senseless("the head of the response is too large"));
            }
            let room = self.open.usual_room().await.map_err(broken)?;
            self.fill(room).await?;
        }
    }

    /// Exactly `length` bytes.
    async fn sized(&mut self, length: u64, max_bytes: usize) -> Result<Bytes, NetError> {
        let length = usize::try_from(length).ok().filter(|length| *length <= max_bytes);
        let length = length.ok_or_else(|| too_large(max_bytes))?;
        while self.open.read.len() < length {
            let rest = length - self.open.read.len();
            // A length that has come true so far is believed.
            let is_believed = self.open.read.len() >= MAX_ROOM;
            self.fill(if is_believed { rest } else { rest.min(MAX_ROOM) }).await?;
        }
        Ok(self.open.read.split_to(length).freeze())
    }

    /// All chunks (RFC 9112 §7.1). What stands after the last one is read and forgotten.
    async fn chunks(&mut self, max_bytes: usize) -> Result<Bytes, NetError> {
        let mut whole = BytesMut::new();
        loop {
            let mut left = self.chunk_size().await?;
            if left == 0 {
                self.trailers().await?;
                return Ok(whole.freeze());
            }
            if left > (max_bytes - whole.len()) as u64 {
                return Err(too_large(max_bytes));
            }
            while left > 0 {
                if self.open.read.is_empty() {
                    self.fill(ROOM).await?;
                }
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.open.read.len());
                whole.extend_from_slice(&self.open.read[..here]);
                self.open.read.advance(here);
                left -= here as u64;
            }
            while self.open.read.len() < 2 {
                self.fill(ROOM).await?;
            }
            if !self.open.read.starts_with(b"\r\n") {
                return Err(senseless("a chunk of the response is longer than it says"));
            }
            self.open.read.advance(2);
        }
    }

    async fn chunk_size(&mut self) -> Result<u64, NetError> {
        loop {
            match httparse::parse_chunk_size(&self.open.read) {
                Ok(httparse::Status::Complete((len, size))) => {
                    self.open.read.advance(len);
                    return Ok(size);
                }
                Ok(httparse::Status::Partial) if self.open.read.len() <= MAX_HEAD => self.fill(ROOM).await?,
                _ => return Err(senseless("a chunk of the response does not say how long it is")),
            }
        }
    }

    async fn trailers(&mut self) -> Result<(), NetError> {
        let mut left = MAX_HEAD;
        loop {
            let Some(end) = self.open.read.iter().position(|&byte| byte == b'\n') else {
                if self.open.read.len() > left {
                    return Err(senseless("too much stands after the response"));
                }
                self.fill(ROOM).await?;
                continue;
            };
            let is_last = matches!(&self.open.read[..end], b"\r" | b"");
            self.open.read.advance(end + 1);
            if is_last {
                return Ok(());
            }
            left = left.checked_sub(end).ok_or_else(|| senseless("too much stands after the response"))?;
        }
    }

    /// All there is until the server closes the connection.
    async fn rest(&mut self, max_bytes: usize) -> Result<Bytes, NetError> {
        loop {
            if self.open.read.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            if self.more(ROOM).await? == 0 {
                return Ok(std::mem::take(&mut self.open.read).freeze());
            }
        }
    }

    /// Reads something; that there is no more is an error.
    async fn fill(&mut self, room: usize) -> Result<(), NetError> {
        match self.more(room).await? {
            0 if self.is_any_read => Err(lost("the connection was closed before the response was complete")),
            0 => Err(lost("the connection was closed before a response")),
            _ => Ok(()),
        }
    }

    /// Reads what there is; how much it was. Room is made for `room` bytes, unless there is enough.
    async fn more(&mut self, room: usize) -> Result<usize, NetError> {
        if self.open.read.capacity() - self.open.read.len() < room.min(ROOM) {
            self.open.read.reserve(room);
        }
        let read = poll_fn(|context| self.open.poll_read(context)).await.map_err(broken)?;
        self.is_any_read |= read > 0;
        Ok(read)
    }

    /// Writes the request. A server may answer before it has read all of it, or close the connection
    /// with its answer already on the way: then the rest is not written, and the connection not used
    /// again.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = loop {
            if self.unsent.is_empty() {
                break self.open.wire.poll_flush(context);
            }
            match self.open.wire.poll_write(context, &self.unsent) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    self.is_any_sent = true;
                    self.unsent.advance(written);
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        if let Poll::Ready(Ok(())) = written {
            return written;
        }
        match self.open.poll_read(context) {
            Poll::Ready(Ok(1..)) => {
                self.is_any_read = true;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(0)) if written.is_pending() => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Poll::Ready(Err(error)) if written.is_pending() => Poll::Ready(Err(error)),
            _ => written,
        }
    }
}

// === impl Open ===

impl Open {
    /// A response was so long. The next one may be a little longer, or like one of the last twenty or so: to
    /// copy what has come into larger room costs more than room that is not needed.
    fn expect(&mut self, len: usize) {
        self.usual = (len + len / 8).max(self.usual - self.usual / 32).clamp(ROOM, MAX_ROOM);
    }

    /// Room for the next response. Who waits needs none yet, so large room is made when something has come; of
    /// what is encrypted that is not known before it is read.
    async fn usual_room(&mut self) -> io::Result<usize> {
        match &self.wire {
            Wire::Plain(stream) if self.usual > ROOM => {
                poll_fn(|context| stream.poll_read_ready(context)).await?;
                Ok(self.usual)
            }
            _ => Ok(ROOM),
        }
    }

    /// Reads what there is, behind what was read before.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.wire.poll_read_buf(context, &mut self.read)
    }
}

// === impl Unsent ===

impl Unsent<'_> {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.rest.is_empty()
    }

    fn advance(&mut self, written: usize) {
        let of_text = written.min(self.text.len());
        self.text = &self.text[of_text..];
        self.rest = &self.rest[written - of_text..];
    }
}

// === impl Wire ===

impl Wire {
    fn poll_read(&mut self, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, room),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(context, room),
        }
    }

    fn poll_read_buf(&mut self, context: &mut Context<'_>, room: &mut BytesMut) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => poll_read_buf(Pin::new(stream), context, room),
            Self::Tls(stream) => poll_read_buf(Pin::new(&mut **stream), context, room),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, unsent: &Unsent<'_>) -> Poll<io::Result<usize>> {
        let next = if unsent.text.is_empty() { unsent.rest } else { unsent.text };
        match self {
            Self::Plain(stream) if unsent.text.is_empty() || unsent.rest.is_empty() => {
                Pin::new(stream).poll_write(context, next)
            }
            Self::Plain(stream) => {
                Pin::new(stream).poll_write_vectored(context, &[IoSlice::new(unsent.text), IoSlice::new(unsent.rest)])
            }
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(context, next),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            // Nothing is held back.
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }
}

fn broken(error: io::Error) -> NetError {
    NetError::of_transport(&error, false)
}

fn senseless(reason: impl ToString) -> NetError {
    NetError::new(NetErrorKind::Reset, reason.to_string())
}

fn lost(reason: &str) -> NetError {
    NetError::new(NetErrorKind::Reset, reason)
}

pub(super) fn too_large(max_bytes: usize) -> NetError {
    NetError::new(NetErrorKind::TooLarge, format!("more than {max_bytes} bytes"))
}
