//! `pleach health`

use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::Request;

use crate::platform::base::deadline::Deadline;
use crate::platform::net::{HttpClient, HttpClientConfig};

use super::Outcome;

const WITHIN: Duration = Duration::from_secs(2);
const MAX_BYTES: usize = 64 << 10;

/// Ask a running server whether it is ready
///
/// Exit code 0 if it is, 1 if not or if it does not answer; for health checks of containers.
#[derive(Args, Debug)]
pub(super) struct Health {
    /// Where the server listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    url: String,
}

// === impl Health ===

impl Health {
    pub(super) async fn run(self) -> Outcome {
        let url = format!("{}/health/ready", self.url.trim_end_matches('/'));
        let request = Request::get(&url).body(Bytes::new())?;
        let client = HttpClient::new(&HttpClientConfig::default());
        let (text, code) = match client.send(request, Deadline::after(WITHIN), MAX_BYTES).await {
            Ok(response) if response.status().is_success() => ("ready".to_owned(), ExitCode::SUCCESS),
            Ok(response) => (format!("not ready: status {}", response.status()), ExitCode::FAILURE),
            Err(error) => (format!("not ready: {error}"), ExitCode::FAILURE),
        };
        println!("{text}");
        Ok(code)
    }
}
