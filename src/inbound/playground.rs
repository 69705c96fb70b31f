//! The playground: the page at `GET /`, and the files that it loads.
//!
//! `playground/` builds it and commits the outcome, compressed; here it is embedded and served as
//! `playground/README.md` says. The page may load nothing but what this module serves, and its
//! content security policy makes sure of that.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// What `npm run build` wrote: `manifest.json`, and each file as `NAME.br`.
#[derive(rust_embed::Embed)]
#[folder = "playground/dist"]
struct Bundle;

/// The file that is the page itself.
const PAGE: &str = "index.html";

/// Where the page learns the path of the endpoint.
const ENDPOINT_TAG: &str = r#"<meta name="pleach-endpoint" content="/graphql">"#;

/// Scripts, styles and data come from this server alone. The editor makes style sheets as it runs,
/// and draws some of its marks as `data:` images. No other site may frame the page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// For files whose name has a hash of their content in it.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For everything else: a copy may be kept, but is compared before it is shown.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The built playground, ready to be served; clones share it.
#[derive(Clone, Debug)]
pub struct Playground {
    page: Bytes,
    page_etag: HeaderValue,
    assets: Arc<BTreeMap<String, Arc<Asset>>>,
}

/// A file that the page loads.
#[derive(Debug)]
struct Asset {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    etag: HeaderValue,
    compressed: Bytes,
    /// Decompressed when the first client comes that does not accept brotli.
    plain: OnceLock<Bytes>,
}

#[derive(Deserialize)]
struct Manifest {
    files: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    path: String,
    content_type: String,
    sha256: String,
}

// === impl Playground ===

impl Playground {
    /// The playground for the GraphQL endpoint at a path of this server, such as `/graphql`.
    pub fn new(endpoint: &str) -> Self {
        let page = page(endpoint);
        let assets = manifest().files.into_iter().filter(|file| file.path != PAGE);
        Self {
            page_etag: etag(&sha256(page.as_bytes())),
            page: page.into(),
            assets: Arc::new(assets.map(|file| (file.path.clone(), Arc::new(Asset::new(file)))).collect()),
        }
    }

    /// The answer to `GET /` for a browser.
    pub fn page(&self, headers: &HeaderMap) -> Response {
        let fixed = [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (CACHE_CONTROL, REVALIDATE),
            (ETAG, self.page_etag.clone()),
            // Other clients get something else at the same address.
            (VARY, HeaderValue::from_static("accept")),
        ];
        if has_copy(headers, &self.page_etag) {
            return (StatusCode::NOT_MODIFIED, fixed).into_response();
        }
        let content_type = HeaderValue::from_static("text/html; charset=utf-8");
        (fixed, [(CONTENT_TYPE, content_type)], Body::from(self.page.clone())).into_response()
    }

    /// The files below `/playground/`.
    pub fn assets(&self) -> Router {
        let assets = self.assets.clone();
        let handler = async move |Path(path): Path<String>, headers: HeaderMap| match assets.get(&path) {
            Some(asset) => asset.answer(&headers).await,
            None => StatusCode::NOT_FOUND.into_response(),
        };
        Router::new().route("/playground/{*path}", get(handler))
    }
}

// === impl Asset ===

impl Asset {
    fn new(file: ManifestFile) -> Self {
        Self {
            content_type: file.content_type.try_into().expect("the manifest has media types"),
            cache_control: if file.path.starts_with("assets/") { IMMUTABLE } else { REVALIDATE },
            etag: etag(&file.sha256),
            compressed: embedded(&format!("{}.br", file.path)),
            plain: OnceLock::new(),
        }
    }

    async fn answer(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let fixed = [
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (CACHE_CONTROL, self.cache_control.clone()),
            (ETAG, self.etag.clone()),
            (VARY, HeaderValue::from_static("accept-encoding")),
        ];
        if has_copy(headers, &self.etag) {
            return (StatusCode::NOT_MODIFIED, fixed).into_response();
        }
        let content_type = [(CONTENT_TYPE, self.content_type.clone())];
        if accepts_brotli(headers) {
            let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("br"))];
            return (fixed, content_type, encoding, Body::from(self.compressed.clone())).into_response();
        }
        match self.plain().await {
            Some(plain) => (fixed, content_type, Body::from(plain)).into_response(),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }

    /// The file decompressed; none while the runtime stops.
    async fn plain(self: &Arc<Self>) -> Option<Bytes> {
        if let Some(plain) = self.plain.get() {
            return Some(plain.clone());
        }
        let asset = self.clone();
        // The largest file takes some milliseconds, for which nobody else shall wait.
        let decompressing = move || asset.plain.get_or_init(|| decompress(&asset.compressed).into()).clone();
        tokio::task::spawn_blocking(decompressing).await.ok()
    }
}

/// The page, with the endpoint's path in it.
fn page(endpoint: &str) -> String {
    let page = String::from_utf8(decompress(&embedded("index.html.br"))).expect("the page is UTF-8");
    assert!(page.contains(ENDPOINT_TAG), "the page has a place for the endpoint");
    page.replacen(ENDPOINT_TAG, &ENDPOINT_TAG.replace("/graphql", &escape(endpoint)), 1)
}

/// Text as it is written into an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn manifest() -> Manifest {
    serde_json::from_slice(&embedded("manifest.json")).expect("the embedded manifest is what the build script writes")
}

fn embedded(path: &str) -> Bytes {
    let file = Bundle::get(path).expect("the manifest lists what is embedded");
    Bytes::from_owner(file.data)
}

fn decompress(compressed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = compressed;
    brotli_decompressor::BrotliDecompress(&mut rest, &mut plain).expect("embedded files are brotli");
    plain
}

/// The digest as the manifest writes it.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A weak tag: it names the content, in whatever encoding that is sent.
fn etag(sha256: &str) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{sha256}\"")).expect("hexadecimal digits are visible ASCII")
}

/// Whether the client holds what the tag names (RFC 9110 §13.1.2).
fn has_copy(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let ours = opaque(etag.to_str().unwrap_or(""));
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == ours)
}

/// Whether the client decompresses brotli (RFC 9110 §12.5.3).
fn accepts_brotli(headers: &HeaderMap) -> bool {
    let mut others = false;
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    for range in lists.flat_map(|list| list.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let coding = parts.next().unwrap_or("");
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let accepted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if coding.eq_ignore_ascii_case("br") {
            return accepted;
        }
        others |= coding == "*" && accepted;
    }
    others
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use http::request::Builder;
    use http::{Method, Request};
    use tower::ServiceExt as _;

    use super::*;

    struct Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    }

    impl Answer {
        async fn of(response: Response) -> Self {
            let (parts, body) = response.into_parts();
            Self { status: parts.status, headers: parts.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
        }

        fn header(&self, name: impl http::header::AsHeaderName) -> &str {
            self.headers.get(name).map_or("", |value| value.to_str().unwrap())
        }
    }

    async fn asked(request: Builder) -> Answer {
        let router = Playground::new("/graphql").assets();
        Answer::of(router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
    }

    fn asset(path: &str) -> Builder {
        Request::get(format!("/playground/{path}"))
    }

    fn script() -> ManifestFile {
        manifest()
            .files
            .into_iter()
            .find(|file| file.path.starts_with("assets/") && file.path.ends_with(".js"))
            .unwrap()
    }

    async fn written(endpoint: &str) -> String {
        let answer = Answer::of(Playground::new(endpoint).page(&HeaderMap::new())).await;
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn serves_every_file_of_the_manifest_compressed() {
        let router = Playground::new("/graphql").assets();
        let files = manifest().files;
        assert!(files.len() > 20);
        for file in files.into_iter().filter(|file| file.path != PAGE) {
            let request = asset(&file.path).header(ACCEPT_ENCODING, "gzip, deflate, br, zstd");
            let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let answer = Answer::of(response).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", file.path);
            assert_eq!(answer.header(CONTENT_ENCODING), "br");
            assert_eq!(answer.header(CONTENT_TYPE), file.content_type);
            assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(sha256(&decompress(&answer.body)), file.sha256, "{}", file.path);
        }
    }

    #[tokio::test]
    async fn decompresses_for_clients_that_do_not_accept_brotli() {
        let script = script();
        for accepted in ["gzip", "", "br;q=0", "*, br;q=0", "identity"] {
            let answer = asked(asset(&script.path).header(ACCEPT_ENCODING, accepted)).await;
            assert_eq!(answer.header(CONTENT_ENCODING), "", "{accepted}");
            assert_eq!(answer.header(CONTENT_TYPE), "text/javascript; charset=utf-8");
            assert_eq!(answer.header(VARY), "accept-encoding");
            assert_eq!(sha256(&answer.body), script.sha256);
        }
    }

    #[tokio::test]
    async fn compresses_for_whoever_accepts_brotli_in_other_words() {
        for accepted in ["BR", "gzip;q=0.5, br;q=0.1", "*"] {
            let answer = asked(asset(&script().path).header(ACCEPT_ENCODING, accepted)).await;
            assert_eq!(answer.header(CONTENT_ENCODING), "br", "{accepted}");
        }
    }

    #[tokio::test]
    async fn only_names_with_a_hash_are_kept_for_good() {
        let answer = asked(asset(&script().path)).await;
        assert_eq!(answer.header(CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(asked(asset("licenses.md")).await.header(CACHE_CONTROL), "no-cache");
        let page = Answer::of(Playground::new("/graphql").page(&HeaderMap::new())).await;
        assert_eq!(page.header(CACHE_CONTROL), "no-cache");
    }

    #[tokio::test]
    async fn a_copy_that_is_still_right_is_not_sent_again() {
        let first = asked(asset("licenses.md")).await;
        for known in [first.header(ETAG).to_owned(), format!("\"other\", {}", first.header(ETAG)), "*".into()] {
            let again = asked(asset("licenses.md").header(IF_NONE_MATCH, known)).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(again.header(ETAG), first.header(ETAG));
        }
        assert_eq!(asked(asset("licenses.md").header(IF_NONE_MATCH, "\"other\"")).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_copy_of_the_page_is_right_for_one_endpoint_only() {
        let page = Answer::of(Playground::new("/graphql").page(&HeaderMap::new())).await;
        let known = HeaderMap::from_iter([(IF_NONE_MATCH, page.headers[ETAG].clone())]);
        assert_eq!(Playground::new("/graphql").page(&known).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(Playground::new("/api").page(&known).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_page_tells_the_endpoint_and_cannot_be_broken_by_it() {
        assert!(written("/graphql").await.contains(r#"<meta name="pleach-endpoint" content="/graphql">"#));
        assert!(written("/api/v1").await.contains(r#"<meta name="pleach-endpoint" content="/api/v1">"#));
        let page = written("/\"><script>'&amp;").await;
        assert!(page.contains(r#"content="/&quot;&gt;&lt;script&gt;&#39;&amp;amp;">"#), "{page}");
    }

    #[tokio::test]
    async fn the_page_may_load_nothing_from_elsewhere() {
        let page = Answer::of(Playground::new("/graphql").page(&HeaderMap::new())).await;
        assert_eq!(page.header(CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(page.header(VARY), "accept");
        let policy = page.header(CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"), "{policy}");
        let page = String::from_utf8(page.body.to_vec()).unwrap();
        let loaded: Vec<_> = page.split("\"/playground/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(loaded.len() > 1);
        for path in loaded {
            assert_eq!(asked(asset(path)).await.status, StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn there_is_nothing_but_the_files_of_the_page() {
        for path in ["index.html", "manifest.json", "licenses.md.br", "assets/", "../Cargo.toml", "assets/none.js"] {
            assert_eq!(asked(asset(path)).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn head_has_the_headers_of_get_and_no_body() {
        let request = || asset("licenses.md").header(ACCEPT_ENCODING, "br");
        let (get, head) = (asked(request()).await, asked(request().method(Method::HEAD)).await);
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.headers, get.headers);
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(asked(asset("licenses.md").method(Method::POST)).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}
