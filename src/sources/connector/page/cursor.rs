//! Cursors: opaque, versioned, and bound to one connector of one router.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::platform::base::secret::Secret;

const VERSION: u8 = 1;
/// Half of the authentication code is kept, as RFC 2104 §5 allows.
const MAC_BYTES: usize = 16;
/// Far more than a key's values need.
const MAX_TEXT: usize = 8 * 1024;

/// Makes and checks cursors with the router's key.
#[derive(Clone, Debug)]
pub struct CursorKey(Secret);

/// A cursor of somebody else's, altered, or of another field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the cursor is not one of this field's")]
pub struct BadCursor;

// === impl CursorKey ===

impl CursorKey {
    /// The router's key: all routers that serve one graph share it.
    pub fn new(key: Secret) -> Self {
        Self(key)
    }

    /// The cursor of a position in the list that `scope` names.
    pub(super) fn seal(&self, scope: &str, position: &Value) -> String {
        let payload = position.to_string();
        let code = self.code(scope, payload.as_bytes()).finalize().into_bytes();
        let mut bytes = vec![VERSION];
        bytes.extend(code.iter().take(MAC_BYTES));
        bytes.extend(payload.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position a cursor stands for.
    pub(super) fn open(&self, scope: &str, cursor: &str) -> Result<Value, BadCursor> {
        if cursor.len() > MAX_TEXT {
            return Err(BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
        let (&version, rest) = bytes.split_first().ok_or(BadCursor)?;
        let (code, payload) = rest.split_at_checked(MAC_BYTES).ok_or(BadCursor)?;
        if version != VERSION {
            return Err(BadCursor);
        }
        self.code(scope, payload).verify_truncated_left(code).map_err(|_| BadCursor)?;
        serde_json::from_slice(payload).map_err(|_| BadCursor)
    }

    fn code(&self, scope: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.reveal().as_bytes()).expect("this code takes keys of any length");
        mac.update(&[VERSION]);
        mac.update(scope.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn opens_only_its_own_unaltered_cursors() {
        let key = CursorKey::new(Secret::new("k1"));
        let cursor = key.seal("a.b", &json!({"o": 3}));
        assert_eq!(key.open("a.b", &cursor), Ok(json!({"o": 3})));
        assert_eq!(key.open("a.c", &cursor), Err(BadCursor));
        assert_eq!(CursorKey::new(Secret::new("k2")).open("a.b", &cursor), Err(BadCursor));
        let mut altered = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(key.open("a.b", &URL_SAFE_NO_PAD.encode(altered)), Err(BadCursor));
        for wrong in ["", "AQ", "not base64!", &"A".repeat(10_000)] {
            assert_eq!(key.open("a.b", wrong), Err(BadCursor), "{wrong}");
        }
    }
}
