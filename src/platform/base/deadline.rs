//! The instant by which a piece of work must be done.

use std::time::{Duration, Instant};

/// An absolute instant; passed down, never extended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deadline(Instant);

// === impl Deadline ===

impl Deadline {
    /// `timeout` from now.
    pub fn after(timeout: Duration) -> Self {
        Self(Instant::now() + timeout)
    }

    /// The time left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed, by the clock of timers.
    pub fn is_over(self) -> bool {
        self.0 <= tokio::time::Instant::now().into_std()
    }

    /// The earlier of this deadline and `timeout` from now.
    pub fn within(self, timeout: Duration) -> Self {
        self.min(Self::after(timeout))
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }
}
