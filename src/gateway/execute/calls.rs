//! The calls of one request that run.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

/// Calls that run, each of which ends in a `T`. Most plans make one call after the other, and one call
/// needs nobody to watch which of several has news.
pub(super) enum Calls<'a, T> {
    None,
    One(BoxFuture<'a, T>),
    Many(FuturesUnordered<BoxFuture<'a, T>>),
}

// === impl Calls ===

impl<'a, T> Calls<'a, T> {
    pub(super) fn push(&mut self, call: BoxFuture<'a, T>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(call),
            Self::One(first) => Self::Many(FuturesUnordered::from_iter([first, call])),
            Self::Many(calls) => {
                calls.push(call);
                Self::Many(calls)
            }
        };
    }

    /// What the next call ends in; nothing when none runs. Nothing is lost if this is dropped.
    pub(super) async fn next(&mut self) -> Option<T> {
        match self {
            Self::None => None,
            Self::One(call) => {
                let ended = call.await;
                *self = Self::None;
                Some(ended)
            }
            Self::Many(calls) => calls.next().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn calls_end_in_whatever_order() {
        let mut calls = Calls::None;
        assert_eq!(calls.next().await, None);
        calls.push(std::future::ready(1).boxed());
        assert_eq!((calls.next().await, calls.next().await), (Some(1), None));

        calls.push(std::future::pending().boxed());
        assert_eq!(calls.next().now_or_never(), None);
        calls.push(std::future::ready(2).boxed());
        calls.push(std::future::ready(3).boxed());
        let two = [calls.next().await, calls.next().await];
        assert!(two == [Some(2), Some(3)] || two == [Some(3), Some(2)]);
        assert_eq!(calls.next().now_or_never(), None);
    }
}
