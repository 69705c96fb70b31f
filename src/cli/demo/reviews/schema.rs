//! The types and their resolvers.

use std::sync::Arc;

use async_graphql::{
    ComplexObject, Context, EmptySubscription, Error, ErrorExtensions, ID, InputObject, Object, Scalar, ScalarType,
    Schema, SimpleObject, Value,
};
use chrono::{SecondsFormat, Utc};

use super::loaders::Loaders;
use super::store::{By, ReviewStore, StoredReview};

/// How many reviews one list may have.
const MAX_PAGE: usize = 100;

/// The service's schema.
pub(super) type ReviewSchema = Schema<Query, Mutation, EmptySubscription>;

/// Who calls, as the gateway says.
pub(super) struct Caller(pub(super) Option<String>);

pub(super) struct Query;
pub(super) struct Mutation;

/// An instant as RFC 3339 text.
pub(super) struct DateTime(String);

#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Review {
    id: ID,
    rating: i32,
    title: Option<String>,
    body: String,
    created_at: DateTime,
    #[graphql(skip)]
    stored: Arc<StoredReview>,
}

/// A product of another service; this one knows its reviews.
pub(super) struct Product {
    id: ID,
}

/// A user of another service; this one knows the reviews the user wrote.
pub(super) struct User {
    id: ID,
}

#[derive(SimpleObject)]
pub(super) struct ReviewConnection {
    edges: Vec<ReviewEdge>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
pub(super) struct ReviewEdge {
    cursor: String,
    node: Review,
}

#[derive(SimpleObject)]
#[graphql(shareable)]
pub(super) struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

#[derive(InputObject)]
pub(super) struct AddReviewInput {
    product_id: ID,
    rating: i32,
    title: Option<String>,
    body: String,
}

/// Builds the schema over `store`.
pub(super) fn build(store: Arc<ReviewStore>) -> ReviewSchema {
    Schema::build(Query, Mutation, EmptySubscription).enable_federation().data(store).finish()
}

#[Object]
impl Query {
    async fn latest_reviews(
        &self,
        context: &Context<'_>,
        #[graphql(default = 10)] first: i32,
    ) -> Result<Vec<Review>, Error> {
        let store = context.data::<Arc<ReviewStore>>()?;
        Ok(store.latest(page_size(first)?).into_iter().map(Review::from).collect())
    }

    #[graphql(entity)]
    async fn find_review_by_id(&self, context: &Context<'_>, id: ID) -> Result<Option<Review>, Error> {
        let found = context.data::<Loaders>()?.find(By::Id, &id).await?;
        Ok(found.first().cloned().map(Review::from))
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, id: ID) -> Product {
        Product { id }
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> User {
        User { id }
    }
}

#[Object]
impl Mutation {
    async fn add_review(&self, context: &Context<'_>, input: AddReviewInput) -> Result<Review, Error> {
        let Caller(Some(author)) = context.data::<Caller>()? else {
            return Err(refusal("UNAUTHENTICATED", "Only users can write reviews"));
        };
        if !(1..=5).contains(&input.rating) {
            return Err(refusal("BAD_USER_INPUT", "A rating is a number from 1 to 5"));
        }
        let review = StoredReview {
            id: String::new(),
            product: input.product_id.to_string(),
            author: author.clone(),
            rating: input.rating,
            title: input.title,
            body: input.body,
            created_at: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        };
        Ok(context.data::<Arc<ReviewStore>>()?.add(review).into())
    }
}

#[ComplexObject]
impl Review {
    async fn author(&self) -> User {
        User { id: ID(self.stored.author.clone()) }
    }

    async fn product(&self) -> Product {
        Product { id: ID(self.stored.product.clone()) }
    }
}

#[Object]
impl Product {
    async fn id(&self) -> &ID {
        &self.id
    }

    async fn average_rating(&self, context: &Context<'_>) -> Result<Option<f64>, Error> {
        let reviews = context.data::<Loaders>()?.find(By::Product, &self.id).await?;
        let sum: f64 = reviews.iter().map(|review| f64::from(review.rating)).sum();
        // One digit after the point is all that a handful of ratings supports.
        Ok((!reviews.is_empty()).then(|| (sum / reviews.len() as f64 * 10.0).round() / 10.0))
    }

    async fn review_count(&self, context: &Context<'_>) -> Result<usize, Error> {
        Ok(context.data::<Loaders>()?.find(By::Product, &self.id).await?.len())
    }

    async fn reviews(
        &self,
        context: &Context<'_>,
        #[graphql(default = 10)] first: i32,
        after: Option<String>,
    ) -> Result<ReviewConnection, Error> {
        let reviews = context.data::<Loaders>()?.find(By::Product, &self.id).await?;
        let start = match after {
            None => 0,
            Some(cursor) => match reviews.iter().position(|review| review.id == cursor) {
                Some(position) => position + 1,
                None => return Err(refusal("BAD_CURSOR", "There is no such cursor here")),
            },
        };
        Ok(ReviewConnection::page(&reviews, start, page_size(first)?))
    }
}

#[Object]
impl User {
    async fn id(&self) -> &ID {
        &self.id
    }

    async fn reviews(&self, context: &Context<'_>, #[graphql(default = 10)] first: i32) -> Result<Vec<Review>, Error> {
        let reviews = context.data::<Loaders>()?.find(By::Author, &self.id).await?;
        Ok(reviews.iter().take(page_size(first)?).cloned().map(Review::from).collect())
    }
}

fn page_size(first: i32) -> Result<usize, Error> {
    match usize::try_from(first) {
        Ok(size) if size <= MAX_PAGE => Ok(size),
        _ => Err(refusal("BAD_USER_INPUT", &format!("`first` is a number from 0 to {MAX_PAGE}"))),
    }
}

fn refusal(code: &str, message: &str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

// === impl Review ===

impl From<Arc<StoredReview>> for Review {
    fn from(stored: Arc<StoredReview>) -> Self {
        Self {
            id: ID(stored.id.clone()),
            rating: stored.rating,
            title: stored.title.clone(),
            body: stored.body.clone(),
            created_at: DateTime(stored.created_at.clone()),
            stored,
        }
    }
}

// === impl ReviewConnection ===

impl ReviewConnection {
    fn page(reviews: &[Arc<StoredReview>], start: usize, size: usize) -> Self {
        let edges: Vec<_> = reviews
            .iter()
            .skip(start)
            .take(size)
            .map(|review| ReviewEdge { cursor: review.id.clone(), node: review.clone().into() })
            .collect();
        let page_info = PageInfo {
            has_next_page: start + edges.len() < reviews.len(),
            has_previous_page: start > 0,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { edges, page_info }
    }
}

// === impl DateTime ===

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> async_graphql::InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(async_graphql::InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
