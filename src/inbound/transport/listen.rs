//! Accepting connections: HTTP/1.1 and HTTP/2 without TLS, until told to stop.

use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::front::Front;
use super::head_timer::HeadTimer;

/// How long a client may take to send a request's head, and how long its connection may idle before: longer
/// than the minute after which proxies and load balancers commonly close theirs, so that they never use one
/// that is being closed here.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Breath after the system refused a connection, such as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Requests one HTTP/2 connection may have open at once.
const STREAMS_PER_CONNECTION: u32 = 250;

/// Serves `front` on `listener` until `stop` says true; then accepts nothing more and lets requests
/// in flight end, for at most `drain`.
pub async fn serve(listener: TcpListener, front: Front, mut stop: watch::Receiver<bool>, drain: Duration) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_concurrent_streams(STREAMS_PER_CONNECTION);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|&stop| stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Small answers do not wait for more to come. If it cannot be set, they only come later.
        let _ = stream.set_nodelay(true);
        let front = front.clone();
        let timer = HeadTimer::new(HEAD_TIMEOUT);
        let of_service = timer.clone();
        let service = service_fn(move |request| {
            of_service.heard();
            front.clone().answer(request)
        });
        builder.http1().timer(timer.clone());
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Some(Err(error)) = timer.run(watched).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the time to drain was over");
    }
}
