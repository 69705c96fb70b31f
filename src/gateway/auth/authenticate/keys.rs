//! Verification keys and the algorithms each may be used with.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::gateway::auth::config::{IssuerConfig, KeyConfig};
use crate::platform::base::setting::{Mistake, Step};

/// A shared secret shorter than this can be guessed (RFC 7518 §3.2).
const MIN_SECRET_BYTES: usize = 32;

const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
const EC: &[Algorithm] = &[Algorithm::ES256, Algorithm::ES384];
const ED: &[Algorithm] = &[Algorithm::EdDSA];

/// A key that can verify signatures.
#[derive(Clone)]
pub struct Key {
    /// Its id, if it has one.
    pub kid: Option<String>,
    /// Algorithms it may be used with: its own family's, never another's.
    pub algorithms: Vec<Algorithm>,
    /// The key.
    pub key: DecodingKey,
}

// === impl Key ===

impl Key {
    /// Whether it may verify a token with this header.
    pub fn fits(&self, algorithm: Algorithm, kid: Option<&str>) -> bool {
        let same_id = match (&self.kid, kid) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        };
        same_id && self.algorithms.contains(&algorithm)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

/// The keys written in the configuration, and those that cannot be used, below the issuer.
pub fn configured(issuer: &IssuerConfig) -> (Vec<Key>, Vec<Mistake>) {
    let (mut keys, mut mistakes) = (Vec::new(), Vec::new());
    for (index, config) in issuer.keys.iter().enumerate() {
        match from_config(config) {
            Ok(key) => keys.push(key),
            Err(mistake) => mistakes.push(mistake.below([Step::from("keys"), Step::Index(index)])),
        }
    }
    (keys, mistakes)
}

fn from_config(config: &KeyConfig) -> Result<Key, Mistake> {
    let (key, algorithms) = match (&config.secret, &config.pem, &config.pem_file) {
        (Some(secret), None, None) => {
            let bytes = secret.reveal().as_bytes();
            if bytes.len() < MIN_SECRET_BYTES {
                let message = format!("the secret has {} bytes; at least {MIN_SECRET_BYTES} are needed", bytes.len());
                return Err(Mistake::at(["secret"], message));
            }
            (DecodingKey::from_secret(bytes), HMAC)
        }
        (None, Some(pem), None) => from_pem(pem).map_err(|reason| Mistake::at(["pem"], reason))?,
        (None, None, Some(file)) => {
            let pem = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
            pem.and_then(|pem| from_pem(&pem)).map_err(|reason| Mistake::at(["pem_file"], reason))?
        }
        _ => return Err(Mistake::here("exactly one of secret, pem and pem_file is needed")),
    };
    Ok(Key { kid: config.kid.clone(), algorithms: algorithms.to_vec(), key })
}

fn from_pem(pem: &str) -> Result<(DecodingKey, &'static [Algorithm]), String> {
    let bytes = pem.as_bytes();
    DecodingKey::from_rsa_pem(bytes)
        .map(|key| (key, RSA))
        .or_else(|_| DecodingKey::from_ec_pem(bytes).map(|key| (key, EC)))
        .or_else(|_| DecodingKey::from_ed_pem(bytes).map(|key| (key, ED)))
        .map_err(|_| "it is not a PEM text of an RSA, EC or Ed25519 public key".into())
}

/// The usable keys of a key set. Symmetric keys in it are ignored: a set that anybody may read
/// cannot hold a secret. So are keys meant for encryption.
pub fn from_set(set: &JwkSet) -> Vec<Key> {
    set.keys.iter().filter_map(from_jwk).collect()
}

fn from_jwk(jwk: &Jwk) -> Option<Key> {
    if jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return None;
    }
    let family = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::EllipticCurve(_) => EC,
        AlgorithmParameters::OctetKeyPair(_) => ED,
        _ => return None,
    };
    let algorithms = match jwk.common.key_algorithm.and_then(named) {
        Some(own) => vec![own],
        None => family.to_vec(),
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    algorithms.iter().all(|algorithm| family.contains(algorithm)).then(|| Key {
        kid: jwk.common.key_id.clone(),
        algorithms,
        key,
    })
}

fn named(algorithm: KeyAlgorithm) -> Option<Algorithm> {
    algorithm.to_string().parse().ok()
}

/// The algorithms an issuer's tokens may use.
///
/// # Errors
/// All names that are no algorithms, below the issuer.
pub fn allowed(issuer: &IssuerConfig, keys: &[Key]) -> Result<Vec<Algorithm>, Vec<Mistake>> {
    if !issuer.algorithms.is_empty() {
        let (mut known, mut mistakes) = (Vec::new(), Vec::new());
        for (index, name) in issuer.algorithms.iter().enumerate() {
            let unknown = || Mistake::at(["algorithms"], format!("unknown algorithm \"{name}\"")).then(index);
            match name.parse() {
                Ok(algorithm) => known.push(algorithm),
                Err(_) => mistakes.push(unknown()),
            }
        }
        return if mistakes.is_empty() { Ok(known) } else { Err(mistakes) };
    }
    let mut allowed: Vec<Algorithm> = Vec::new();
    for algorithm in keys.iter().flat_map(|key| &key.algorithms) {
        if !allowed.contains(algorithm) {
            allowed.push(*algorithm);
        }
    }
    if issuer.jwks.is_some() {
        allowed.extend(
            [Algorithm::RS256, Algorithm::ES256].into_iter().filter(|a| !allowed.contains(a)).collect::<Vec<_>>(),
        );
    }
    Ok(allowed)
}
