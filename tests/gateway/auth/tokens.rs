//! Tokens that are believed, and those that are not.

use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::gateway::auth::config::{KeyConfig, TokenPlace};
use pleach::gateway::pipeline::Gateway;
use pleach::platform::base::secret::Secret;

use crate::harness::Reply;

use super::keys::{ISSUER, RSA, SECRET, claims, hs256, raw, seconds, token};
use super::{Guarded, believing};

const QUERY: &str = "{ open verified }";

fn assert_refused(reply: &Reply, sentence: &str) {
    assert_eq!((reply.status, reply.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{}", reply.text());
    assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    assert_eq!(reply.errors()[0]["message"], sentence);
    assert!(reply.json().get("data").is_none());
}

#[tokio::test]
async fn a_good_token_is_believed() {
    let guarded = Guarded::start(|_| {}).await;
    for good in [
        claims(json!({})),
        claims(json!({ "aud": ["else", "back office"] })),
        claims(json!({ "exp": seconds(-10) })),
        claims(json!({ "nbf": seconds(10) })),
    ] {
        let reply = guarded.pleach.ask_as(&hs256(&good), QUERY).await;
        assert_eq!(reply.data(), json!({ "open": "/open", "verified": "/verified" }), "{good}");
    }
    let scheme = [("authorization", format!("bearer   {}", hs256(&claims(json!({})))))];
    let scheme: Vec<(&str, &str)> = scheme.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(guarded.pleach.post(&json!({ "query": "{ verified }" }), &scheme).await.data()["verified"], "/verified");
}

#[tokio::test]
async fn without_a_token_the_caller_is_anonymous() {
    let guarded = Guarded::start(|_| {}).await;
    assert_eq!(guarded.pleach.ask("{ open }").await.data(), json!({ "open": "/open" }));
    let basic = [("authorization", "Basic dXNlcjpwYXNz")];
    let reply = guarded.pleach.post(&json!({ "query": QUERY }), &basic).await;
    assert_eq!((reply.status, reply.codes()), (200, vec!["UNAUTHORIZED_FIELD_OR_TYPE".to_owned()]));
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused_whatever_is_asked() {
    let guarded = Guarded::start(|_| {}).await;
    for (changes, sentence) in [
        (json!({ "exp": seconds(-600) }), "The token has expired"),
        (json!({ "exp": null }), "The token lacks a required claim"),
        (json!({ "nbf": seconds(600) }), "The token is not valid yet"),
        (json!({ "aud": "somebody else" }), "The token is meant for somebody else"),
        (json!({ "aud": null }), "The token lacks a required claim"),
        (json!({ "iss": "https://evil.example.com" }), "The token's issuer is not known here"),
        (json!({ "iss": null }), "The token's issuer is not known here"),
    ] {
        assert_refused(&guarded.pleach.ask_as(&hs256(&claims(changes)), "{ open }").await, sentence);
    }
    assert_eq!(guarded.paths(), [""; 0], "nothing is fetched for them");
}

#[tokio::test]
async fn a_tampered_token_is_refused() {
    let guarded = Guarded::start(|_| {}).await;
    let good = hs256(&claims(json!({ "scope": "" })));
    let parts: Vec<&str> = good.split('.').collect();
    let admin = hs256(&claims(json!({ "scope": "admin" })));
    let other_claims = admin.split('.').nth(1).expect("claims");
    let swapped = format!("{}.{other_claims}.{}", parts[0], parts[2]);
    let cut = format!("{}.{}.", parts[0], parts[1]);
    let own = token(Algorithm::HS256, None, &claims(json!({})), &EncodingKey::from_secret(b"another secret"));
    for bad in [&swapped, &cut, &own] {
        assert_refused(&guarded.pleach.ask_as(bad, QUERY).await, "The token's signature is not valid");
    }
    for nonsense in ["x", "a.b.c", "...", &format!("{good}.more"), &"x".repeat(20_000)] {
        assert_eq!(guarded.pleach.ask_as(nonsense, QUERY).await.status, 401, "{}", &nonsense[..nonsense.len().min(40)]);
    }
}

#[tokio::test]
async fn the_algorithm_none_is_refused() {
    let guarded = Guarded::start(|_| {}).await;
    for name in ["none", "None", "nOnE", ""] {
        for signature in ["", "AAAA"] {
            let token = raw(&json!({ "alg": name, "typ": "JWT" }), &claims(json!({})), signature);
            assert_refused(&guarded.pleach.ask_as(&token, QUERY).await, "The token cannot be read");
        }
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let key = || KeyConfig { pem: Some(RSA.public.clone()), ..KeyConfig::default() };
    let confused = token(Algorithm::HS256, None, &claims(json!({})), &EncodingKey::from_secret(RSA.public.as_bytes()));
    let rightful = EncodingKey::from_rsa_pem(RSA.private.as_bytes()).expect("a key");

    let guarded = Guarded::start(|config| config.auth.jwt = Some(believing(key()))).await;
    assert_refused(&guarded.pleach.ask_as(&confused, QUERY).await, "The token's algorithm is not allowed");
    for algorithm in [Algorithm::RS256, Algorithm::PS512] {
        guarded.pleach.ask_as(&token(algorithm, None, &claims(json!({})), &rightful), QUERY).await.data();
    }

    // Even an operator who lists both families does not turn the one's key into the other's.
    let guarded = Guarded::start(|config| {
        let mut jwt = believing(key());
        jwt.issuers[0].algorithms = vec!["RS256".into(), "HS256".into()];
        config.auth.jwt = Some(jwt);
    })
    .await;
    assert_refused(&guarded.pleach.ask_as(&confused, QUERY).await, "No key fits the token");
    let not_listed = token(Algorithm::RS512, None, &claims(json!({})), &rightful);
    assert_refused(&guarded.pleach.ask_as(&not_listed, QUERY).await, "The token's algorithm is not allowed");
}

#[tokio::test]
async fn a_key_id_that_is_not_known_fits_no_key() {
    let guarded = Guarded::start(|config| {
        let key = KeyConfig { kid: Some("one".into()), secret: Some(Secret::new(SECRET)), ..KeyConfig::default() };
        config.auth.jwt = Some(believing(key));
    })
    .await;
    let named = |kid: Option<&str>| {
        token(Algorithm::HS256, kid, &claims(json!({})), &EncodingKey::from_secret(SECRET.as_bytes()))
    };
    assert_refused(&guarded.pleach.ask_as(&named(Some("two")), QUERY).await, "No key fits the token");
    guarded.pleach.ask_as(&named(Some("one")), QUERY).await.data();
    guarded.pleach.ask_as(&named(None), QUERY).await.data();
}

#[tokio::test]
async fn an_issuer_that_is_listed_twice_is_a_mistake() {
    let secret = || KeyConfig { secret: Some(Secret::new(SECRET)), ..KeyConfig::default() };
    let mut config = Config::default();
    let mut jwt = believing(secret());
    jwt.issuers.extend(believing(secret()).issuers);
    config.auth.jwt = Some(jwt);
    let built = Gateway::builder().config(config).schema_dir("schema").build().await;
    let text = built.err().expect("it is not built").to_string();
    assert!(text.contains("CONFIG_INVALID") && text.contains("listed twice"), "{text}");
}

#[tokio::test]
async fn a_token_may_stand_in_a_cookie() {
    let guarded = Guarded::start(|config| {
        let cookie = TokenPlace { cookie: Some("session".into()), ..TokenPlace::default() };
        config.auth.jwt.as_mut().expect("set").from.push(cookie);
    })
    .await;
    let cookies = format!("theme=dark; session={}; more=1", hs256(&claims(json!({ "iss": ISSUER }))));
    let reply = guarded.pleach.post(&json!({ "query": QUERY }), &[("cookie", &cookies)]).await;
    assert_eq!(reply.data()["verified"], "/verified");
    let bad = guarded.pleach.post(&json!({ "query": QUERY }), &[("cookie", "session=x")]).await;
    assert_eq!((bad.status, bad.json().get("data")), (401, None::<&Value>));
}
