//! How long a connection waits for the head of a request.
//!
//! HTTP/1 waits once a request, for a time that hardly ever passes. Timers of the runtime stand in a wheel that
//! all connections share, so a connection does not set one and take it back for each request, but has one for
//! all. When it goes off, it is set to when the wait that is under way will be over.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// Nobody waits.
const NEVER: u64 = u64::MAX;
/// The wait took too long.
const OVER: u64 = 0;

/// The timer of one connection, on which at most one wait is under way. Clones are the same timer.
#[derive(Clone, Debug)]
pub(super) struct HeadTimer(Arc<State>);

#[derive(Debug)]
struct State {
    /// How long each wait may take.
    patience: Duration,
    /// A moment before all waits.
    start: Instant,
    /// When the wait will be over, in milliseconds after the start; or [`NEVER`] or [`OVER`].
    end: AtomicU64,
}

/// A wait.
struct Wait(Arc<State>);

// === impl HeadTimer ===

impl HeadTimer {
    /// Each wait may take `patience`, and so may the time until the first is under way or somebody is heard.
    pub(super) fn new(patience: Duration) -> Self {
        let timer = Self(Arc::new(State { patience, start: Instant::now(), end: AtomicU64::new(NEVER) }));
        timer.0.wait_until(timer.0.start + patience);
        timer
    }

    /// A request has come: nobody waits.
    pub(super) fn heard(&self) {
        self.0.end.store(NEVER, Ordering::Relaxed);
    }

    /// Runs a connection that waits by this timer; nothing if it has been waited for too long, and whoever
    /// should have ended it for that does not look.
    pub(super) async fn run<F: Future>(self, connection: F) -> Option<F::Output> {
        let mut connection = pin!(connection);
        let mut alarm = pin!(tokio::time::sleep(self.0.patience));
        poll_fn(|context| {
            while alarm.as_mut().poll(context).is_ready() {
                alarm.as_mut().reset(tokio::time::Instant::now() + self.0.look(Instant::now()));
            }
            match connection.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if self.0.end.load(Ordering::Relaxed) == OVER => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

// === impl State ===

impl State {
    fn wait_until(&self, end: Instant) {
        let end = u64::try_from((end - self.start).as_millis()).unwrap_or(NEVER).clamp(OVER + 1, NEVER - 1);
        self.end.store(end, Ordering::Relaxed);
    }

    /// Ends the wait if it takes too long; answers after which time to look again.
    fn look(&self, now: Instant) -> Duration {
        let end = self.end.load(Ordering::Relaxed);
        match Duration::from_millis(end).checked_sub(now - self.start) {
            _ if end == NEVER => self.patience,
            Some(rest) if !rest.is_zero() => rest,
            _ => {
                self.end.store(OVER, Ordering::Relaxed);
                self.patience
            }
        }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, end: Instant) -> Pin<Box<dyn Sleep>> {
        self.0.wait_until(end);
        Box::pin(Wait(self.0.clone()))
    }
}

// === impl Wait ===

impl Future for Wait {
    type Output = ();

    /// Whoever runs the connection is woken by the alarm.
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.end.load(Ordering::Relaxed) == OVER { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.end.store(NEVER, Ordering::Relaxed);
    }
}

impl Sleep for Wait {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

    /// Serves one connection; every answer takes longer than a head may.
    async fn serve(io: tokio::io::DuplexStream) -> Result<(), hyper::Error> {
        let timer = HeadTimer::new(PATIENCE);
        let answer = service_fn(async |_: Request<hyper::body::Incoming>| {
            sleep(PATIENCE + PATIENCE / 2).await;
            Ok::<_, hyper::Error>(Response::new(http_body_util::Full::new(bytes::Bytes::from_static(b"ok"))))
        });
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder.timer(timer.clone()).header_read_timeout(PATIENCE);
        timer.run(builder.serve_connection(TokioIo::new(io), answer)).await.expect("the connection looks at its timer")
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_not_kept() {
        for beginning in [&b""[..], b"PRI * HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let (mut client, server) = duplex(4096);
            client.write_all(beginning).await.unwrap();
            let timer = HeadTimer::new(PATIENCE);
            let answer = service_fn(async |_: Request<hyper::body::Incoming>| {
                Ok::<_, hyper::Error>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
            });
            let mut builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
            builder.http1().timer(timer.clone()).header_read_timeout(PATIENCE);
            builder.http2().timer(hyper_util::rt::TokioTimer::new());
            let served = timer.run(builder.serve_connection(TokioIo::new(server), answer));
            let begun = Instant::now();
            assert!(timeout(PATIENCE * 3, served).await.expect("it ends").is_none(), "{beginning:?}");
            assert!(begun.elapsed() >= PATIENCE - Duration::from_millis(10), "{:?}", begun.elapsed());
        }
    }

    #[tokio::test]
    async fn a_connection_waits_so_long_for_each_head_and_not_for_answers() {
        let (mut client, server) = duplex(4096);
        let served = tokio::spawn(serve(server));
        for _ in 0..2 {
            sleep(PATIENCE / 2).await;
            client.write_all(REQUEST).await.unwrap();
            let mut answer = [0; 1024];
            let len = timeout(PATIENCE * 3, client.read(&mut answer)).await.expect("it comes").unwrap();
            assert!(answer[..len].starts_with(b"HTTP/1.1 200 OK"), "{:?}", &answer[..len]);
        }
        let idle = Instant::now();
        let ended = timeout(PATIENCE * 3, served).await.expect("it ends").unwrap();
        assert!(idle.elapsed() >= PATIENCE - Duration::from_millis(10), "{:?}", idle.elapsed());
        assert!(ended.is_err_and(|error| error.is_timeout()));
    }

    #[tokio::test]
    async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
        let (mut client, server) = duplex(4096);
        let served = tokio::spawn(serve(server));
        let begun = Instant::now();
        let dripping = async {
            for byte in REQUEST {
                if client.write_all(&[*byte]).await.is_err() {
                    return;
                }
                sleep(PATIENCE / 8).await;
            }
        };
        tokio::join!(dripping, async {
            assert!(timeout(PATIENCE * 2, served).await.expect("it ends").unwrap().is_err());
            assert!(begun.elapsed() >= PATIENCE - Duration::from_millis(10), "{:?}", begun.elapsed());
        });
    }
}
