//! Identities of the specifications this project knows. They are never fetched.

/// `@link` itself.
pub const LINK: &str = "https://specs.apollo.dev/link";
/// `@core`, the predecessor of `@link`.
pub const CORE: &str = "https://specs.apollo.dev/core";
/// Federation's directives in subgraphs.
pub const FEDERATION: &str = "https://specs.apollo.dev/federation";
/// How a supergraph says which subgraph has what.
pub const JOIN: &str = "https://specs.apollo.dev/join";
/// `@tag`
pub const TAG: &str = "https://specs.apollo.dev/tag";
/// `@inaccessible`
pub const INACCESSIBLE: &str = "https://specs.apollo.dev/inaccessible";
/// `@authenticated`
pub const AUTHENTICATED: &str = "https://specs.apollo.dev/authenticated";
/// `@requiresScopes`
pub const REQUIRES_SCOPES: &str = "https://specs.apollo.dev/requiresScopes";
/// `@policy`
pub const POLICY: &str = "https://specs.apollo.dev/policy";
/// `@cost` and `@listSize`
pub const COST: &str = "https://specs.apollo.dev/cost";
/// `@context` and `@fromContext`
pub const CONTEXT: &str = "https://specs.apollo.dev/context";
/// `@cacheTag`
pub const CACHE_TAG: &str = "https://specs.apollo.dev/cacheTag";
/// `@lookup`, `@require` and more of the Composite Schemas specification.
pub const COMPOSITE_SCHEMAS: &str = "https://specs.graphql.org/composite-schemas";
/// `@source` and `@connect` as Apollo specifies them.
pub const APOLLO_CONNECT: &str = "https://specs.apollo.dev/connect";
/// `@source`, `@connect` and more, as this project specifies them.
pub const PLEACH_CONNECT: &str = "https://specs.pleach.dev/connect";
