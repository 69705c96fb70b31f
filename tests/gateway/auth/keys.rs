//! Keys and tokens, made anew by each run.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://login.example.com";
pub const SECRET: &str = "a secret of more than thirty-two bytes, for tests";

/// An elliptic curve key with an id.
pub struct EcKey {
    pub kid: &'static str,
    private: Vec<u8>,
    point: Vec<u8>,
}

/// An RSA key as PEM texts.
pub struct RsaKey {
    pub private: String,
    pub public: String,
}

/// One is enough, and they take a while.
pub static RSA: LazyLock<RsaKey> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("encoded");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("encoded");
    RsaKey { private: pem("PRIVATE KEY", private.as_ref()), public: pem("PUBLIC KEY", public.as_ref()) }
});

// === impl EcKey ===

impl EcKey {
    pub fn new(kid: &'static str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).expect("a key");
        Self { kid, private: private.as_ref().to_vec(), point: pair.public_key().as_ref().to_vec() }
    }

    /// As an entry of a key set.
    pub fn jwk(&self) -> Value {
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": coordinate(&self.point[1..33]), "y": coordinate(&self.point[33..]),
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        token(Algorithm::ES256, Some(self.kid), claims, &EncodingKey::from_ec_der(&self.private))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

/// A token signed by whatever key.
pub fn token(algorithm: Algorithm, kid: Option<&str>, claims: &Value, key: &EncodingKey) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).expect("signed")
}

/// A token signed with [`SECRET`].
pub fn hs256(claims: &Value) -> String {
    token(Algorithm::HS256, None, claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

/// Seconds since 1970, `offset` from now.
pub fn seconds(offset: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("not that late") + offset
}

/// Good claims, with some changed; null takes one away.
pub fn claims(changes: Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "aud": "shop", "sub": "u1", "exp": seconds(600) });
    let all = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        all.insert(name.clone(), value.clone());
    }
    all.retain(|_, value| !value.is_null());
    claims
}

/// A token of these very parts.
pub fn raw(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}
