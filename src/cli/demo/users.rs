//! The REST service that `schema/users.graphql` describes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many users one batch may name.
const MAX_BATCH: usize = 100;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Users and their addresses.
#[derive(Debug, Default)]
pub struct Accounts {
    users: Vec<User>,
    /// Positions in `users`.
    by_id: HashMap<String, usize>,
    addresses: Vec<Address>,
    /// The user that a repeated registration made the first time, by idempotency key.
    registered: HashMap<String, usize>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct User {
    id: String,
    full_name: String,
    email: String,
    phone: Option<String>,
    /// `A`ctive, `S`uspended, `C`losed.
    state: String,
    created_at: String,
    preferences: Option<Preferences>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Preferences {
    marketing: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Address {
    address_id: String,
    user_id: String,
    label: Option<String>,
    lines: Vec<String>,
    city: String,
    zip: String,
    country: String,
    is_default: bool,
}

#[derive(Debug, Deserialize)]
struct NewUser {
    full_name: String,
    email: String,
    phone: Option<String>,
    preferences: Option<Preferences>,
}

#[derive(Debug, Deserialize)]
struct NewAddress {
    label: Option<String>,
    lines: Vec<String>,
    city: String,
    zip: String,
    country: String,
}

#[derive(Debug, Deserialize)]
struct Batch {
    ids: Vec<String>,
}

/// An answer that is no success.
struct Refusal(StatusCode, String);

type Shared = State<Arc<Mutex<Accounts>>>;

/// The service over `accounts`.
pub fn router(accounts: Accounts) -> Router {
    Router::new()
        .route("/v1/users", get(list).post(register))
        .route("/v1/users/batch", post(batch))
        .route("/v1/users/{id}", get(one))
        .route("/v1/users/{id}/addresses", post(add_address))
        .route("/v1/addresses", get(addresses))
        .layer(middleware::from_fn(repeat_request_id))
        .with_state(Arc::new(Mutex::new(accounts)))
}

/// Sends the caller's request id back, so that both sides' logs can be joined.
async fn repeat_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

async fn one(State(accounts): Shared, Path(id): Path<String>) -> Result<Json<User>, Refusal> {
    lock(&accounts).user(&id).cloned().map(Json).ok_or_else(Refusal::unknown_user)
}

async fn list(State(accounts): Shared, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let query = parameters(query.as_deref());
    let number = |name: &str, default: usize| match query.iter().find(|(key, _)| key == name) {
        None => Ok(default),
        Some((_, text)) => text.parse().map_err(|_| Refusal::invalid(format!("{name} must be a whole number"))),
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", 20)?);
    let part = query.iter().find(|(key, _)| key == "q").map(|(_, text)| text.to_lowercase());
    let states: Vec<_> = query.iter().filter(|(key, _)| key == "state").map(|(_, text)| text.as_str()).collect();
    let accounts = lock(&accounts);
    let found: Vec<_> = accounts
        .users
        .iter()
        .filter(|user| part.as_ref().is_none_or(|part| user.full_name.to_lowercase().contains(part)))
        .filter(|user| states.is_empty() || states.contains(&user.state.as_str()))
        .collect();
    let page: Vec<_> = found.iter().skip(offset).take(limit).collect();
    Ok(Json(json!({ "data": page, "meta": { "total": found.len() } })).into_response())
}

async fn batch(State(accounts): Shared, Json(batch): Json<Batch>) -> Result<Response, Refusal> {
    if batch.ids.len() > MAX_BATCH {
        return Err(Refusal::invalid(format!("at most {MAX_BATCH} users at once")));
    }
    let accounts = lock(&accounts);
    let users: Vec<_> = batch.ids.iter().filter_map(|id| accounts.user(id)).collect();
    Ok(Json(json!({ "users": users })).into_response())
}

async fn addresses(State(accounts): Shared, RawQuery(query): RawQuery) -> Response {
    let query = parameters(query.as_deref());
    let wanted: Vec<_> = query.iter().filter(|(key, _)| key == "user_id").map(|(_, id)| id).collect();
    let accounts = lock(&accounts);
    let found: Vec<_> = accounts.addresses.iter().filter(|address| wanted.contains(&&address.user_id)).collect();
    Json(json!({ "addresses": found })).into_response()
}

async fn register(
    State(accounts): Shared,
    headers: HeaderMap,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<User>), Refusal> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    lock(&accounts).register(new, key).map(|user| (StatusCode::CREATED, Json(user)))
}

async fn add_address(
    State(accounts): Shared,
    Path(user_id): Path<String>,
    Json(new): Json<NewAddress>,
) -> Result<(StatusCode, Json<Address>), Refusal> {
    lock(&accounts).add_address(user_id, new).map(|address| (StatusCode::CREATED, Json(address)))
}

/// A poisoned lock holds accounts that are as good as any: nothing is left half done in them.
fn lock(accounts: &Mutex<Accounts>) -> MutexGuard<'_, Accounts> {
    accounts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.unwrap_or("").as_bytes()).into_owned().collect()
}

// === impl Accounts ===

impl Accounts {
    /// The demo's users.
    ///
    /// # Errors
    /// When the embedded data is no JSON of this shape.
    pub fn seeded() -> Result<Self, serde_json::Error> {
        let mut accounts =
            Self { addresses: serde_json::from_str(include_str!("data/addresses.json"))?, ..Self::default() };
        for user in serde_json::from_str::<Vec<User>>(include_str!("data/users.json"))? {
            accounts.insert(user);
        }
        Ok(accounts)
    }

    fn user(&self, id: &str) -> Option<&User> {
        self.by_id.get(id).and_then(|&position| self.users.get(position))
    }

    fn insert(&mut self, user: User) -> usize {
        let position = self.users.len();
        self.by_id.insert(user.id.clone(), position);
        self.users.push(user);
        position
    }

    fn register(&mut self, new: NewUser, key: Option<&str>) -> Result<User, Refusal> {
        let earlier = key.and_then(|key| self.registered.get(key)).and_then(|&position| self.users.get(position));
        if let Some(user) = earlier {
            return Ok(user.clone());
        }
        if !new.email.contains('@') {
            return Err(Refusal::invalid(format!("{:?} is no e-mail address", new.email)));
        }
        if self.users.iter().any(|user| user.email == new.email) {
            return Err(Refusal(StatusCode::CONFLICT, "This e-mail address is registered already".into()));
        }
        let user = User {
            id: format!("u{}", 1001 + self.users.len()),
            full_name: new.full_name,
            email: new.email,
            phone: new.phone,
            state: "A".into(),
            created_at: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            preferences: new.preferences,
        };
        let position = self.insert(user.clone());
        if let Some(key) = key {
            self.registered.insert(key.to_owned(), position);
        }
        Ok(user)
    }

    fn add_address(&mut self, user_id: String, new: NewAddress) -> Result<Address, Refusal> {
        if self.user(&user_id).is_none() {
            return Err(Refusal::unknown_user());
        }
        if new.country.chars().count() != 2 {
            return Err(Refusal::invalid("country must be a code of two letters".into()));
        }
        let address = Address {
            address_id: format!("a{}", 5001 + self.addresses.len()),
            is_default: !self.addresses.iter().any(|address| address.user_id == user_id),
            user_id,
            label: new.label,
            lines: new.lines,
            city: new.city,
            zip: new.zip,
            country: new.country,
        };
        self.addresses.push(address.clone());
        Ok(address)
    }
}

// === impl Refusal ===

impl Refusal {
    fn unknown_user() -> Self {
        Self(StatusCode::NOT_FOUND, "There is no such user".into())
    }

    fn invalid(message: String) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": { "message": self.1 } }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    async fn call(service: &Router, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path).header("x-request-id", "r-1");
        if body.is_some() {
            request = request.header("content-type", "application/json").header("idempotency-key", "k-1");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = service.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "r-1");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    fn service() -> Router {
        router(Accounts::seeded().unwrap())
    }

    #[tokio::test]
    async fn lists_by_page_name_and_state() {
        let (status, page) = call(&service(), "GET", "/v1/users?offset=45&limit=20", None).await;
        assert_eq!((status, &page["meta"]["total"]), (200, &json!(48)));
        assert_eq!(page["data"].as_array().unwrap().len(), 3);
        let (_, page) = call(&service(), "GET", "/v1/users?q=ADA&state=A&state=S", None).await;
        assert_eq!(page["data"][0]["id"], "u1001");
        let (status, _) = call(&service(), "GET", "/v1/users?limit=many", None).await;
        assert_eq!(status, 422);
    }

    #[tokio::test]
    async fn answers_one_and_many() {
        let (status, user) = call(&service(), "GET", "/v1/users/u1002", None).await;
        assert_eq!((status, &user["full_name"]), (200, &json!("Bram Grunewaldt")));
        let (status, refusal) = call(&service(), "GET", "/v1/users/nobody", None).await;
        assert_eq!((status, &refusal["error"]["message"]), (404, &json!("There is no such user")));
        let (_, users) =
            call(&service(), "POST", "/v1/users/batch", Some(json!({ "ids": ["u1003", "x", "u1001"] }))).await;
        assert_eq!(users["users"].as_array().unwrap().len(), 2);
        let (_, found) = call(&service(), "GET", "/v1/addresses?user_id=u1001&user_id=u1002", None).await;
        assert_eq!(found["addresses"].as_array().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_repeated_registration_makes_one_user() {
        let service = service();
        let new = json!({ "full_name": "New Here", "email": "new@example.com", "phone": null });
        let (status, first) = call(&service, "POST", "/v1/users", Some(new.clone())).await;
        let (_, second) = call(&service, "POST", "/v1/users", Some(new)).await;
        assert_eq!((status, &first["id"]), (201, &second["id"]));
        let (_, page) = call(&service, "GET", "/v1/users?limit=1", None).await;
        assert_eq!(page["meta"]["total"], 49);
    }

    #[tokio::test]
    async fn addresses_belong_to_users() {
        let service = service();
        let new = json!({ "label": "Boat", "lines": ["Berth 4"], "city": "Kiel", "zip": "24103", "country": "DE" });
        let (status, address) = call(&service, "POST", "/v1/users/u1001/addresses", Some(new.clone())).await;
        assert_eq!((status, &address["is_default"]), (201, &json!(false)));
        let (status, _) = call(&service, "POST", "/v1/users/nobody/addresses", Some(new)).await;
        assert_eq!(status, 404);
    }
}
