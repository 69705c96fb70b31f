//! All mappings of a source or connector, each with the place it stands in.

use crate::graph::mapping::{Mapping, Reference, References, Template, Variable};
use crate::platform::base::Name;
use crate::platform::base::span::{Span, Spanned};

use super::model::{
    ConnectSpec, GraphqlRequest, HeaderSpec, HeaderValue, RequestSpec, SourceProtocol, SourceSpec, SqlStatements,
};

/// Where a mapping stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A hole of a source's address.
    SourceUrl,
    /// A hole of a connector's URL.
    Url,
    /// `path`, also of a source.
    Path,
    /// `queryParams`, also of a source.
    QueryParams,
    /// A hole of a header or metadata value, also of a source.
    Header,
    /// `body`
    Body,
    /// gRPC's `message`
    Message,
    /// GraphQL's `args` and `variables`
    Variables,
    /// A hole of `query`
    Query,
    /// A hole of `execute`
    Execute,
    /// `selection`
    Selection,
    /// `isSuccess`
    IsSuccess,
    /// `errors.message`
    ErrorsMessage,
    /// `errors.extensions`
    ErrorsExtensions,
    /// `batch.by`
    By,
    /// `paginate.items`, `total`, `hasNext`, `next`
    Pages,
}

/// A mapping, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Expression<'s> {
    /// Which part of the directive.
    pub part: Part,
    /// The mapping; its ranges are those of the literal's meaning.
    pub mapping: &'s Mapping,
    /// The string literal.
    pub literal: Span,
}

// === impl Part ===

impl Part {
    /// Whether the mapping is evaluated before the call: there is no answer to read.
    pub fn is_request(self) -> bool {
        use Part::{Body, Execute, Header, Message, Path, Query, QueryParams, SourceUrl, Url, Variables};
        matches!(self, SourceUrl | Url | Path | QueryParams | Header | Body | Message | Variables | Query | Execute)
    }

    /// What it is called in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceUrl => "the address of a source",
            Self::Url => "a URL",
            Self::Path => "path",
            Self::QueryParams => "queryParams",
            Self::Header => "a header",
            Self::Body => "body",
            Self::Message => "message",
            Self::Variables => "the arguments of a remote field",
            Self::Query => "query",
            Self::Execute => "execute",
            Self::Selection => "selection",
            Self::IsSuccess => "isSuccess",
            Self::ErrorsMessage => "errors.message",
            Self::ErrorsExtensions => "errors.extensions",
            Self::By => "batch.by",
            Self::Pages => "paginate",
        }
    }
}

/// All mappings of a source.
pub fn of_source(source: &SourceSpec) -> Vec<Expression<'_>> {
    let mut found = Vec::new();
    let (url, headers) = match &source.protocol {
        SourceProtocol::Http(http) => {
            add(&mut found, Part::Path, http.path.as_ref());
            add(&mut found, Part::QueryParams, http.query_params.as_ref());
            (&http.base_url, &http.headers[..])
        }
        SourceProtocol::Grpc(grpc) => (&grpc.url, &grpc.metadata[..]),
        SourceProtocol::Sql(sql) => (&sql.url, &[][..]),
        SourceProtocol::Graphql(graphql) => (&graphql.url, &graphql.headers[..]),
    };
    add_holes(&mut found, Part::SourceUrl, url);
    add_headers(&mut found, Part::Header, headers);
    add(&mut found, Part::IsSuccess, source.is_success.as_ref());
    add(&mut found, Part::ErrorsMessage, source.errors.message.as_ref());
    add(&mut found, Part::ErrorsExtensions, source.errors.extensions.as_ref());
    found
}

/// All mappings of a connector; an implicit selection is none of them.
pub fn of_connector(connector: &ConnectSpec) -> Vec<Expression<'_>> {
    let mut found = Vec::new();
    add_request(&mut found, &connector.request);
    if !connector.implicit {
        add(&mut found, Part::Selection, Some(&connector.selection));
    }
    add(&mut found, Part::IsSuccess, connector.is_success.as_ref());
    add(&mut found, Part::ErrorsMessage, connector.errors.message.as_ref());
    add(&mut found, Part::ErrorsExtensions, connector.errors.extensions.as_ref());
    if let Some(batch) = &connector.batch {
        add(&mut found, Part::By, batch.by.as_ref());
    }
    if let Some(paginate) = &connector.paginate {
        for mapping in [&paginate.items, &paginate.total, &paginate.has_next, &paginate.next] {
            add(&mut found, Part::Pages, mapping.as_ref());
        }
    }
    found
}

fn add_request<'s>(found: &mut Vec<Expression<'s>>, request: &'s RequestSpec) {
    match request {
        RequestSpec::Http(http) => {
            add_holes(found, Part::Url, &http.url);
            add(found, Part::Path, http.path.as_ref());
            add(found, Part::QueryParams, http.query_params.as_ref());
            add_headers(found, Part::Header, &http.headers);
            add(found, Part::Body, http.body.as_ref());
        }
        RequestSpec::Grpc(grpc) => {
            add(found, Part::Message, grpc.message.as_ref());
            add_headers(found, Part::Header, &grpc.metadata);
        }
        RequestSpec::Sql(sql) => {
            let (part, statements) = match &sql.statements {
                SqlStatements::Query(query) => (Part::Query, std::slice::from_ref(query)),
                SqlStatements::Execute(statements) => (Part::Execute, &statements[..]),
            };
            for statement in statements {
                let literal = statement.span;
                found.extend(statement.value.mappings().map(|mapping| Expression { part, mapping, literal }));
            }
        }
        RequestSpec::Graphql(GraphqlRequest::Field { args: mapping, .. })
        | RequestSpec::Graphql(GraphqlRequest::Query { variables: mapping, .. }) => {
            add(found, Part::Variables, mapping.as_ref());
        }
        RequestSpec::Computed => {}
    }
}

fn add<'s>(found: &mut Vec<Expression<'s>>, part: Part, mapping: Option<&'s Spanned<Mapping>>) {
    found.extend(mapping.map(|mapping| Expression { part, mapping: &mapping.value, literal: mapping.span }));
}

fn add_holes<'s>(found: &mut Vec<Expression<'s>>, part: Part, template: &'s Spanned<Template>) {
    let literal = template.span;
    found.extend(template.value.holes().map(|hole| Expression { part, mapping: &hole.mapping, literal }));
}

fn add_headers<'s>(found: &mut Vec<Expression<'s>>, part: Part, headers: &'s [HeaderSpec]) {
    for header in headers {
        if let HeaderValue::Template(template) = &header.value {
            add_holes(found, part, template);
        }
    }
}

/// Whether any mapping of the connector reads `variable`.
pub fn reads(connector: &ConnectSpec, variable: Variable) -> bool {
    any_reads(&of_connector(connector), variable)
}

/// Whether any mapping of the source reads `variable`.
pub fn source_reads(source: &SourceSpec, variable: Variable) -> bool {
    any_reads(&of_source(source), variable)
}

fn any_reads(found: &[Expression<'_>], variable: Variable) -> bool {
    found.iter().any(|found| found.mapping.references().of(variable).is_some())
}

/// What mappings of the connector and of its source read of `variable`, if anything.
pub fn read_of(connector: &ConnectSpec, source: Option<&SourceSpec>, variable: Variable) -> Option<Reference> {
    let mut all = References::default();
    let of_source = source.map(of_source).unwrap_or_default();
    of_connector(connector).iter().chain(&of_source).for_each(|found| all.extend(&found.mapping.references()));
    all.of(variable).cloned()
}

/// What the connector's mappings read of `variable`, in order.
pub fn uses(connector: &ConnectSpec, variable: Variable) -> Vec<(Expression<'_>, Reference)> {
    let all = of_connector(connector).into_iter();
    all.filter_map(|found| Some((found, found.mapping.references().of(variable)?.clone()))).collect()
}

/// The names of a path.
pub fn names(path: &[Name]) -> String {
    path.iter().map(|name| &**name).collect::<Vec<_>>().join(".")
}
