//! How long a server keeps a connection that idles.

use std::time::Duration;

use http::HeaderName;

/// The header in which servers say it.
pub(super) const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// By how much sooner than its server a connection is closed, or by half of the time if that is less.
const MARGIN: Duration = Duration::from_secs(1);

/// How long a connection may idle, as far as its server has said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Kept {
    at_most: Option<Duration>,
}

// === impl Kept ===

impl Kept {
    /// Takes in one header's value; `None` when the server takes no more requests. A connection should
    /// be closed here before a request and the server's farewell can cross.
    pub(super) fn read(mut self, value: &[u8]) -> Option<Self> {
        for parameter in std::str::from_utf8(value).unwrap_or_default().split(',') {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let Ok(number) = value.trim().trim_matches('"').parse::<u32>() else { continue };
            match name.trim() {
                name if name.eq_ignore_ascii_case("timeout") => {
                    let told = Duration::from_secs(number.into());
                    let kept = told.saturating_sub(MARGIN).max(told / 2);
                    self.at_most = Some(self.at_most.map_or(kept, |known| known.min(kept)));
                }
                name if name.eq_ignore_ascii_case("max") && number == 0 => return None,
                _ => {}
            }
        }
        (self.at_most != Some(Duration::ZERO)).then_some(self)
    }

    /// How long it is kept where `usual` is usual.
    pub(super) fn within(self, usual: Duration) -> Duration {
        self.at_most.map_or(usual, |kept| kept.min(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_kept_as_long_as_their_server_says_but_for_a_margin() {
        let usual = Duration::from_secs(50);
        let of = |value: &str| Kept::default().read(value.as_bytes()).map(|kept| kept.within(usual).as_millis());
        assert_eq!(Kept::default().within(usual), usual);
        assert_eq!(of("timeout=5"), Some(4_000));
        assert_eq!(of("max=99, Timeout = \"5\""), Some(4_000));
        assert_eq!(of("timeout=600"), Some(50_000));
        assert_eq!(of("timeout=1"), Some(500));
        assert_eq!(of("timeout=0"), None);
        assert_eq!(of("timeout=5, max=0"), None);
        assert_eq!(of("timeout=soon, x"), Some(50_000));
    }
}
