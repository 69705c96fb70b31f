//! Undoing a response's content coding, within a bound.

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::error::{NetError, NetErrorKind};

/// What we tell servers that we can read.
pub(super) const ACCEPTED: &str = "gzip, br, zstd, deflate";

/// Undoes the codings that the headers name, last one first, and takes them off the headers. What
/// comes out is at most `max_bytes` long after every step.
pub(super) async fn inflate(headers: &mut HeaderMap, mut body: Bytes, max_bytes: usize) -> Result<Bytes, NetError> {
    let codings: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| {
            String::from_utf8_lossy(value.as_bytes())
                .to_ascii_lowercase()
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|name| !name.is_empty() && name != "identity")
        .collect();
    if codings.is_empty() {
        return Ok(body);
    }
    if body.is_empty() {
        return Ok(body);
    }
    for coding in codings.iter().rev() {
        let input: &[u8] = &body;
        let output = match coding.as_str() {
            "gzip" | "x-gzip" => drain(GzipDecoder::new(input), max_bytes).await,
            "br" => drain(BrotliDecoder::new(input), max_bytes).await,
            "zstd" => drain(ZstdDecoder::new(input), max_bytes).await,
            "deflate" => drain(ZlibDecoder::new(input), max_bytes).await,
            other => Err(NetError::new(NetErrorKind::Decode, format!("unknown content coding \"{other}\""))),
        }?;
        body = output;
    }
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Ok(body)
}

async fn drain(decoder: impl AsyncRead + Unpin, max_bytes: usize) -> Result<Bytes, NetError> {
    let mut output = Vec::new();
    decoder
        .take(max_bytes as u64 + 1)
        .read_to_end(&mut output)
        .await
        .map_err(|error| NetError::new(NetErrorKind::Decode, format!("broken content coding: {error}")))?;
    if output.len() > max_bytes {
        return Err(NetError::new(NetErrorKind::TooLarge, format!("more than {max_bytes} bytes after inflation")));
    }
    Ok(output.into())
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::bufread::{GzipEncoder, ZlibEncoder};

    use super::*;

    async fn packed(text: &[u8]) -> Bytes {
        let mut out = Vec::new();
        GzipEncoder::new(text).read_to_end(&mut out).await.unwrap();
        out.into()
    }

    fn encoded(codings: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, codings.parse().unwrap())])
    }

    #[tokio::test]
    async fn undoes_codings_in_reverse_order() {
        let mut twice = Vec::new();
        ZlibEncoder::new(&packed(b"hello").await[..]).read_to_end(&mut twice).await.unwrap();
        let mut headers = encoded("gzip, deflate");
        assert_eq!(inflate(&mut headers, twice.into(), 100).await.unwrap(), "hello");
        assert!(headers.is_empty());
    }

    #[tokio::test]
    async fn bounds_what_comes_out() {
        let bomb = packed(&[b' '; 100_000]).await;
        assert!(bomb.len() < 1_000);
        let error = inflate(&mut encoded("gzip"), bomb, 10_000).await.unwrap_err();
        assert_eq!(error.kind, NetErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn refuses_unknown_and_broken_codings() {
        for coding in ["lzma", "gzip"] {
            let error = inflate(&mut encoded(coding), Bytes::from_static(b"nonsense"), 100).await.unwrap_err();
            assert_eq!(error.kind, NetErrorKind::Decode, "{coding}");
        }
    }
}
