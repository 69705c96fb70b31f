//! The instant by which a piece of work must be done.

use std::time::{Duration, Instant};

/// An absolute instant; passed down, never extended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deadline(Instant);

// === impl Deadline ===

impl Deadline {
    /// `timeout` from now.
    pub fn after(timeout: Duration) -> Self {
        Self(now() + timeout)
    }

    /// The time left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        self.0 <= now()
    }

    /// The earlier of this deadline and `timeout` from now; none if this one has passed.
    pub fn within(self, timeout: Duration) -> Option<Self> {
        let now = now();
        (now < self.0).then(|| self.min(Self(now + timeout)))
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }
}

/// Now, by the clock of timers.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
