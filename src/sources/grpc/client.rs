//! One gRPC server and the calls made to it.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::platform::base::deadline::Deadline;

use super::codec::DynamicCodec;
use super::descriptors::{Descriptors, Method};
use super::json::{to_json, to_message};
use super::status::error_value;

/// Where a gRPC server listens.
#[derive(Clone, Debug)]
pub struct GrpcAddress(Endpoint);

/// Calls one server. The connection is opened by the first call and kept.
#[derive(Debug)]
pub struct GrpcClient {
    endpoint: Endpoint,
    channel: OnceLock<Channel>,
    descriptors: Descriptors,
    max_message: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The numeric status; 0 is success.
    pub(super) code: i32,
    /// The answer as JSON; empty on failure.
    pub(super) body: Bytes,
    /// Answer metadata, trailers merged in.
    pub(super) metadata: HeaderMap,
    /// `$response.error`
    pub(super) error: Option<Value>,
}

/// Why nothing usable came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum CallError {
    /// The request does not fit its message type.
    BadInput(String),
    /// No answer by the deadline.
    Timeout,
    /// No connection, or it broke.
    Transport(String),
    /// The answer cannot be read.
    Decode(String),
}

// === impl GrpcAddress ===

impl GrpcAddress {
    /// Reads `grpc://host:port` (plaintext) or `grpcs://host:port` (TLS).
    ///
    /// # Errors
    /// When the text is not such a URL.
    pub fn parse(text: &str, connect_timeout: Duration) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a grpc:// or grpcs:// URL");
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(wrong)?;
        let secure = match scheme {
            "grpc" => false,
            "grpcs" => true,
            _ => return Err(wrong()),
        };
        if rest.is_empty() || rest.contains(['@', '?', '#']) {
            return Err(wrong());
        }
        let address = format!("{}://{rest}", if secure { "https" } else { "http" });
        let endpoint = Endpoint::from_shared(address).map_err(|_| wrong())?;
        let endpoint = endpoint
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(10));
        if !secure {
            return Ok(Self(endpoint));
        }
        endpoint
            .tls_config(ClientTlsConfig::new().with_native_roots())
            .map(Self)
            .map_err(|error| format!("TLS for \"{text}\" cannot be set up: {error}"))
    }
}

// === impl GrpcClient ===

impl GrpcClient {
    /// A client for the server at `address` that speaks what `descriptors` describe.
    pub fn new(address: GrpcAddress, descriptors: Descriptors, max_message: usize) -> Self {
        Self { endpoint: address.0, channel: OnceLock::new(), descriptors, max_message }
    }

    /// Calls `method` with `message` as JSON. A failed status is an outcome.
    pub(super) async fn unary(
        &self,
        method: &Method,
        message: Value,
        metadata: HeaderMap,
        deadline: Deadline,
    ) -> Result<Outcome, CallError> {
        let message = to_message(&method.input(), message).map_err(CallError::BadInput)?;
        let mut request = Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(metadata);
        request.set_timeout(deadline.remaining());
        // The channel needs a runtime to live in, so it is made by the first call.
        let channel = self.channel.get_or_init(|| self.endpoint.connect_lazy()).clone();
        let mut client = Grpc::new(channel).max_decoding_message_size(self.max_message);
        let call = async {
            client.ready().await.map_err(|error| Status::from_error(error.into()))?;
            client.unary(request, method.path.clone(), DynamicCodec::new(method.output())).await
        };
        let result = tokio::time::timeout_at(deadline.instant().into(), call).await.map_err(|_| CallError::Timeout)?;
        match result {
            Ok(response) => {
                let (metadata, message, _) = response.into_parts();
                let body = to_json(&message).map_err(CallError::Decode)?;
                Ok(Outcome { code: 0, body, metadata: metadata.into_headers(), error: None })
            }
            Err(status) => self.failed(&status),
        }
    }

    /// Tells what a server said from what became of the connection: only the latter has a source.
    fn failed(&self, status: &Status) -> Result<Outcome, CallError> {
        if sources_of(status).any(|source| source.is::<tonic::TimeoutExpired>()) {
            return Err(CallError::Timeout);
        }
        if let Some(source) = sources_of(status).last() {
            return Err(CallError::Transport(format!("{}: {source}", status.message())));
        }
        if status.code() == Code::OutOfRange && status.message().contains("decoded message length too large") {
            return Err(CallError::Decode(status.message().to_owned()));
        }
        let error = error_value(status, self.descriptors.pool());
        let metadata = status.metadata().clone().into_headers();
        Ok(Outcome { code: status.code() as i32, body: Bytes::new(), metadata, error: Some(error) })
    }
}

fn sources_of(status: &Status) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(status), |error| std::error::Error::source(*error))
}
