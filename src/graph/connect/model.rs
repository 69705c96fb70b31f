//! What a connected subgraph says, as checked data.
//!
//! Every text keeps the literal it was written in ([`Spanned`]), so that a place inside it can
//! still be found: see [`super::text`].

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use crate::graph::language::ast::OperationKind;
use crate::graph::language::selection_map::SelectionMap;
use crate::graph::mapping::{Mapping, Reference, SqlTemplate, Template, Variable};
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::parts;

/// The time a call may take when neither source nor connector says.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Calls of one connector in flight when `batch.concurrency` does not say.
pub const DEFAULT_CONCURRENCY: u32 = 8;
/// Keys a call when `batch.maxSize` does not say, for SQL and gRPC.
pub const DEFAULT_BATCH_WIDE: u32 = 1000;
/// Keys a call when `batch.maxSize` does not say, for HTTP and GraphQL.
pub const DEFAULT_BATCH: u32 = 100;

/// Records a page when `paginate.size` does not say.
pub const DEFAULT_PAGE: u32 = 20;
/// Records a page at most when `paginate.maxSize` does not say.
pub const DEFAULT_MAX_PAGE: u32 = 100;

/// A subgraph whose fields come from external systems.
#[derive(Clone, Debug)]
pub struct ConnectedSubgraph {
    /// The subgraph.
    pub name: Name,
    /// Its `@source`s, in document order.
    pub sources: Vec<SourceSpec>,
    /// Its `@connect`s, in document order.
    pub connectors: Vec<ConnectSpec>,
    /// The source (by position) whose GraphQL server this whole subgraph is, if there is one:
    /// `graphql: { subgraph: true }`.
    pub remote: Option<usize>,
}

/// One `@source`.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Unique in the subgraph.
    pub name: Spanned<Name>,
    /// How it is reached.
    pub protocol: SourceProtocol,
    /// Defaults for its connectors.
    pub errors: ErrorsSpec,
    /// The default for its connectors.
    pub is_success: Option<Spanned<Mapping>>,
    /// `policy.timeout`
    pub timeout: Option<Duration>,
    /// The directive.
    pub span: Span,
}

/// How a source is reached.
#[derive(Clone, Debug)]
pub enum SourceProtocol {
    /// REST and its relatives.
    Http(HttpSource),
    /// gRPC.
    Grpc(GrpcSource),
    /// A relational database.
    Sql(SqlSource),
    /// A GraphQL server.
    Graphql(GraphqlSource),
}

/// The protocols there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// `http`
    Http,
    /// `grpc`
    Grpc,
    /// `sql`
    Sql,
    /// `graphql`
    Graphql,
}

/// `http` of a source.
#[derive(Clone, Debug)]
pub struct HttpSource {
    /// Absolute; reads `$env` only.
    pub base_url: Spanned<Template>,
    /// Sent with each request.
    pub headers: Vec<HeaderSpec>,
    /// Appended path segments: a list of scalars.
    pub path: Option<Spanned<Mapping>>,
    /// Query parameters: an object.
    pub query_params: Option<Spanned<Mapping>>,
    /// Client headers copied under the same name; a trailing `*` matches a prefix.
    pub propagate: Vec<Spanned<Name>>,
}

/// `grpc` of a source.
#[derive(Clone, Debug)]
pub struct GrpcSource {
    /// `grpc://` or `grpcs://`; reads `$env` only.
    pub url: Spanned<Template>,
    /// `.proto` files, relative to the SDL file.
    pub proto: Vec<Spanned<Name>>,
    /// Sent with each call.
    pub metadata: Vec<HeaderSpec>,
    /// Client headers copied under the same name.
    pub propagate: Vec<Spanned<Name>>,
}

/// `sql` of a source.
#[derive(Clone, Debug)]
pub struct SqlSource {
    /// `postgres://`, `mysql://` or `sqlite:`; reads `$env` only.
    pub url: Spanned<Template>,
}

/// `graphql` of a source.
#[derive(Clone, Debug)]
pub struct GraphqlSource {
    /// Absolute; reads `$env` only.
    pub url: Spanned<Template>,
    /// Whether the subgraph as a whole is served there.
    pub subgraph: bool,
    /// Sent with each request.
    pub headers: Vec<HeaderSpec>,
    /// Client headers copied under the same name.
    pub propagate: Vec<Spanned<Name>>,
}

/// One header (or metadata entry) of a request.
#[derive(Clone, Debug)]
pub struct HeaderSpec {
    /// The name as written.
    pub name: Spanned<Name>,
    /// Where its value comes from.
    pub value: HeaderValue,
}

/// Where a header's value comes from.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// All values of this client header, or nothing.
    From(Spanned<Name>),
    /// A template.
    Template(Spanned<Template>),
}

/// `errors`: how a failed answer becomes a GraphQL error.
#[derive(Clone, Debug, Default)]
pub struct ErrorsSpec {
    /// A string.
    pub message: Option<Spanned<Mapping>>,
    /// An object.
    pub extensions: Option<Spanned<Mapping>>,
}

/// One `@connect`.
#[derive(Clone, Debug)]
pub struct ConnectSpec {
    /// Unique in the subgraph: as written, or the coordinate with its position there, such as
    /// `Query.user[0]`.
    pub id: Name,
    /// Where it stands.
    pub place: Place,
    /// The source (by position), if it has one.
    pub source: Option<usize>,
    /// What is asked.
    pub request: RequestSpec,
    /// What becomes of the answer; made from the type when it was not written.
    pub selection: Spanned<Mapping>,
    /// Whether the selection was made from the type.
    pub implicit: bool,
    /// A root field through which entities are looked up too.
    pub entity: bool,
    /// Arguments whose values are taken from the object it starts from: all arguments of an `entity`
    /// field where some are not named like the field they stand for, and those that a field requires.
    pub filled: Vec<FilledArgument>,
    /// Given when `$batch` is read: many keys in one call.
    pub batch: Option<BatchSpec>,
    /// Calls (or chunks) in flight for one operation.
    pub concurrency: u32,
    /// Pages of a list.
    pub paginate: Option<PaginateSpec>,
    /// Merged over the source's.
    pub errors: ErrorsSpec,
    /// In place of the source's.
    pub is_success: Option<Spanned<Mapping>>,
    /// `policy.timeout`
    pub timeout: Option<Duration>,
    /// What must be known of the object it starts from: the paths of `$this` or `$batch`, or the
    /// arguments of an `entity: true` field as paths of the entity. Empty for other root fields. What
    /// a field requires by its arguments is not among them.
    pub inputs: Vec<InputField>,
    /// The fields it yields, below the field or type it stands on. Empty for leaves.
    pub output: Vec<OutputField>,
    /// The directive.
    pub span: Span,
}

/// An argument whose value is taken from an object.
#[derive(Clone, Debug)]
pub struct FilledArgument {
    /// Its name, in `$args`.
    pub name: Name,
    /// Its value.
    pub value: SelectionMap,
    /// Whether it must not be null.
    pub non_null: bool,
    /// What it is without a value.
    pub default: Option<Value>,
}

/// Where a `@connect` stands.
#[derive(Clone, Debug)]
pub enum Place {
    /// On a field of a root type.
    Root {
        /// Which root.
        operation: OperationKind,
        /// The root type's name.
        on: Name,
        /// The field.
        field: Name,
    },
    /// On a field of another object type.
    Field {
        /// The type.
        on: Name,
        /// The field.
        field: Name,
    },
    /// On an object type; also where a field that nobody sees looks its objects up.
    Type {
        /// The type.
        on: Name,
    },
}

/// What a connector asks its source.
#[derive(Clone, Debug)]
pub enum RequestSpec {
    /// An HTTP request.
    Http(Box<HttpRequest>),
    /// A unary gRPC call.
    Grpc(GrpcRequest),
    /// SQL statements.
    Sql(SqlRequest),
    /// A GraphQL operation.
    Graphql(GraphqlRequest),
    /// Nothing: the selection alone yields the value.
    Computed,
}

/// `http` of a connector.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub verb: HttpVerb,
    /// Relative to the source, or absolute without one.
    pub url: Spanned<Template>,
    /// Appended path segments: a list of scalars.
    pub path: Option<Spanned<Mapping>>,
    /// Query parameters: an object.
    pub query_params: Option<Spanned<Mapping>>,
    /// Over the source's headers of the same name.
    pub headers: Vec<HeaderSpec>,
    /// The body.
    pub body: Option<Spanned<Mapping>>,
}

/// The five methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HttpVerb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// `grpc` of a connector.
#[derive(Clone, Debug)]
pub struct GrpcRequest {
    /// `package.Service/Method`
    pub call: Spanned<Name>,
    /// The request message; `$args` when it was not written.
    pub message: Option<Spanned<Mapping>>,
    /// Over the source's metadata of the same name.
    pub metadata: Vec<HeaderSpec>,
}

/// `sql` of a connector.
#[derive(Clone, Debug)]
pub struct SqlRequest {
    /// What is run.
    pub statements: SqlStatements,
    /// Names usable in fragments and page keys, and what they stand for.
    pub columns: Vec<Column>,
}

/// What a SQL connector runs.
#[derive(Clone, Debug)]
pub enum SqlStatements {
    /// One statement that reads.
    Query(Spanned<SqlTemplate>),
    /// Statements that write, in one transaction; the answer is the last one's.
    Execute(Vec<Spanned<SqlTemplate>>),
}

/// `"name: expression"`
#[derive(Clone, Debug)]
pub struct Column {
    /// The GraphQL side.
    pub name: Spanned<Name>,
    /// The SQL side.
    pub expression: Spanned<Name>,
}

/// `graphql` of a connector.
#[derive(Clone, Debug)]
pub enum GraphqlRequest {
    /// A remote root field; the client's selection is forwarded.
    Field {
        /// The remote field.
        field: Spanned<Name>,
        /// Its arguments: an object.
        args: Option<Spanned<Mapping>>,
        /// How they are written.
        written: WrittenArguments,
    },
    /// A fixed document.
    Query {
        /// The document.
        query: Spanned<Name>,
        /// Its variables: an object.
        variables: Option<Spanned<Mapping>>,
    },
}

/// Where enum values stand in a value, as far as the mapping copies them from what the subgraph's
/// own schema types.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Written {
    /// As its JSON says.
    #[default]
    Plain,
    /// Strings are names of enum values.
    Enum,
    /// An object whose keys are written so; those that are not listed are plain.
    Object(Vec<(Name, Written)>),
    /// As this input type is.
    Input(Name),
}

/// How arguments are written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WrittenArguments {
    /// All of them, as one object.
    pub object: Written,
    /// The input types that are named, by name.
    pub inputs: IndexMap<Name, Vec<(Name, Written)>>,
}

/// Many keys in one call.
#[derive(Clone, Debug)]
pub struct BatchSpec {
    /// Keys a call.
    pub max_size: u32,
    /// From one raw answer element to the key it belongs to.
    pub by: Option<Spanned<Mapping>>,
    /// How answers find their keys.
    pub matching: BatchMatch,
    /// The paths of `$batch` that answers are compared with: all that are read, or with a scalar
    /// `by` the one that alone is a key.
    pub key: Vec<Vec<Name>>,
}

/// How answers of a batch find their keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchMatch {
    /// By the key's value.
    Key,
    /// The answer has the order and length of the keys.
    Position,
}

/// Pages of a list.
#[derive(Clone, Debug)]
pub struct PaginateSpec {
    /// How the source is asked for a page.
    pub style: PageStyle,
    /// The records in the answer; `$` when it was not written.
    pub items: Option<Spanned<Mapping>>,
    /// Records a page when the client does not say.
    pub size: u32,
    /// Records a page at most.
    pub max_size: u32,
    /// How many records there are in all.
    pub total: Option<Spanned<Mapping>>,
    /// Whether there is a next page.
    pub has_next: Option<Spanned<Mapping>>,
    /// The next page's cursor.
    pub next: Option<Spanned<Mapping>>,
    /// The sort key of SEEK; the last column is unique.
    pub key: Vec<KeyColumn>,
    /// Whether the field yields a Relay connection (else a plain list).
    pub connection: bool,
}

/// How a source is asked for a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageStyle {
    /// `$page.offset`, `$page.limit`
    Offset,
    /// `$page.number`, `$page.limit`
    Page,
    /// `$page.cursor`, `$page.limit`
    Cursor,
    /// `$page.after`, `{%seek}`
    Seek,
}

/// A column of a SEEK key.
#[derive(Clone, Debug)]
pub struct KeyColumn {
    /// The name, as in `columns`.
    pub name: Spanned<Name>,
    /// Largest first.
    pub descending: bool,
    /// The SQL expression it stands for.
    pub expression: Name,
    /// The result column that holds its value: the last part of `t.column`, otherwise the name.
    pub column: Name,
}

/// A field that must be known of the object a connector starts from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputField {
    /// The field.
    pub name: Name,
    /// Fields below; empty for leaves.
    pub children: Vec<InputField>,
    /// Where it is read first.
    pub span: Span,
}

/// A field that a connector yields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputField {
    /// The field.
    pub name: Name,
    /// Only on this object type, where the surrounding type is abstract.
    pub on: Option<Name>,
    /// Fields below; empty for leaves.
    pub children: Vec<OutputField>,
    /// Where the mapping yields it.
    pub span: Span,
}

// === impl ConnectedSubgraph ===

impl ConnectedSubgraph {
    /// The connector called `id`.
    pub fn connector(&self, id: &str) -> Option<&ConnectSpec> {
        self.connectors.iter().find(|connector| &*connector.id == id)
    }

    /// The source `connector` uses, if any.
    pub fn source_of(&self, connector: &ConnectSpec) -> Option<&SourceSpec> {
        self.sources.get(connector.source?)
    }

    /// Whether a mapping of `connector` or of its source reads `variable`.
    pub fn reads(&self, connector: &ConnectSpec, variable: Variable) -> bool {
        parts::reads(connector, variable)
            || self.source_of(connector).is_some_and(|source| parts::source_reads(source, variable))
    }

    /// What mappings of `connector` and of its source read of `variable`, if anything.
    pub fn read_of(&self, connector: &ConnectSpec, variable: Variable) -> Option<Reference> {
        parts::read_of(connector, self.source_of(connector), variable)
    }

    /// The GraphQL server this whole subgraph is, if it is one.
    pub fn remote_source(&self) -> Option<(&SourceSpec, &GraphqlSource)> {
        let source = self.sources.get(self.remote?)?;
        match &source.protocol {
            SourceProtocol::Graphql(graphql) => Some((source, graphql)),
            _ => None,
        }
    }

    /// The time a call of `connector` may take: its own, its source's, or the default.
    pub fn timeout(&self, connector: &ConnectSpec) -> Duration {
        let of_source = || self.source_of(connector).and_then(|source| source.timeout);
        connector.timeout.or_else(of_source).unwrap_or(DEFAULT_TIMEOUT)
    }
}

// === impl SourceProtocol ===

impl SourceProtocol {
    /// Which protocol it is.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Http(_) => Protocol::Http,
            Self::Grpc(_) => Protocol::Grpc,
            Self::Sql(_) => Protocol::Sql,
            Self::Graphql(_) => Protocol::Graphql,
        }
    }
}

// === impl Protocol ===

impl Protocol {
    /// All of them, in the order of the specification.
    pub const ALL: [Self; 4] = [Self::Http, Self::Grpc, Self::Sql, Self::Graphql];

    /// The key of its block.
    pub fn key(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Sql => "sql",
            Self::Graphql => "graphql",
        }
    }

    /// Keys a call when `batch.maxSize` does not say.
    pub fn default_batch(self) -> u32 {
        match self {
            Self::Sql | Self::Grpc => DEFAULT_BATCH_WIDE,
            Self::Http | Self::Graphql => DEFAULT_BATCH,
        }
    }
}

// === impl RequestSpec ===

impl RequestSpec {
    /// Which protocol it speaks, if any.
    pub fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::Http(_) => Some(Protocol::Http),
            Self::Grpc(_) => Some(Protocol::Grpc),
            Self::Sql(_) => Some(Protocol::Sql),
            Self::Graphql(_) => Some(Protocol::Graphql),
            Self::Computed => None,
        }
    }
}

// === impl HttpVerb ===

impl HttpVerb {
    /// All of them, in the order of the specification.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

// === impl Place ===

impl Place {
    /// The type it stands on, or whose field it stands on.
    pub fn on(&self) -> &Name {
        match self {
            Self::Root { on, .. } | Self::Field { on, .. } | Self::Type { on } => on,
        }
    }

    /// The field it stands on, if it does.
    pub fn field(&self) -> Option<&Name> {
        match self {
            Self::Root { field, .. } | Self::Field { field, .. } => Some(field),
            Self::Type { .. } => None,
        }
    }

    /// Whether it is a field of `operation`'s root type.
    pub fn is_root(&self, operation: OperationKind) -> bool {
        matches!(self, Self::Root { operation: here, .. } if *here == operation)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root { on, field, .. } | Self::Field { on, field } => write!(f, "{on}.{field}"),
            Self::Type { on } => f.write_str(on),
        }
    }
}

// === impl PageStyle ===

impl PageStyle {
    /// The enum value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offset => "OFFSET",
            Self::Page => "PAGE",
            Self::Cursor => "CURSOR",
            Self::Seek => "SEEK",
        }
    }
}
