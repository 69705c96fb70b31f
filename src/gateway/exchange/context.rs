//! What accompanies a request on its way.

use chrono::{DateTime, Utc};
use http::HeaderMap;

use crate::platform::base::Name;
use crate::platform::base::deadline::Deadline;

/// Facts of one request, fixed when it came in.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// By when the answer must be there.
    pub deadline: Deadline,
    /// Names the request in logs, towards sources and in masked errors.
    pub request_id: Name,
    /// The client's headers.
    pub headers: HeaderMap,
    /// When it came in; the same for the whole operation.
    pub now: DateTime<Utc>,
}
