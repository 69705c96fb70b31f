//! The protocol block of a `@connect`.

use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

use super::reader::Reader;
use crate::graph::connect::arguments::Block;
use crate::graph::connect::model::{
    Column, GraphqlRequest, GrpcRequest, HttpRequest, HttpVerb, Protocol, RequestSpec, SqlRequest, SqlStatements,
    WrittenArguments,
};

/// Reads the block of one protocol. `None` when it cannot be understood; the findings say why.
pub fn request(reader: &mut Reader<'_>, protocol: Protocol, block: &Block<'_>) -> Option<RequestSpec> {
    match protocol {
        Protocol::Http => http(reader, block),
        Protocol::Grpc => grpc(reader, block),
        Protocol::Sql => sql(reader, block),
        Protocol::Graphql => graphql(reader, block),
    }
}

fn http(reader: &mut Reader<'_>, block: &Block<'_>) -> Option<RequestSpec> {
    let path = reader.mapping(block, "path", "INVALID_URL_PROPERTY");
    let query_params = reader.mapping(block, "queryParams", "INVALID_URL_PROPERTY");
    let headers = reader.headers(block, "headers");
    let body = reader.mapping(block, "body", "INVALID_BODY");
    let verbs: Vec<HttpVerb> = HttpVerb::ALL.into_iter().filter(|verb| block.value(verb.as_str()).is_some()).collect();
    let urls: Vec<_> = verbs.iter().map(|verb| reader.url(block, verb.as_str())).collect();
    match verbs[..] {
        [verb] => {
            let url = urls.into_iter().next().flatten()?;
            Some(RequestSpec::Http(Box::new(HttpRequest { verb, url, path, query_params, headers, body })))
        }
        [] => {
            reader.error("MISSING_HTTP_METHOD", "http needs one of GET, POST, PUT, PATCH, DELETE", block.span);
            None
        }
        [.., last] => {
            let names: Vec<_> = verbs.iter().map(|verb| verb.as_str()).collect();
            let place = block.key(last.as_str()).map_or(block.span, |key| key.span);
            let message = format!("{} given; keep one", names.join(" and "));
            reader.error("MULTIPLE_HTTP_METHODS", message, place);
            None
        }
    }
}

fn grpc(reader: &mut Reader<'_>, block: &Block<'_>) -> Option<RequestSpec> {
    let message = reader.mapping(block, "message", "INVALID_MAPPING");
    let metadata = reader.headers(block, "metadata");
    Some(RequestSpec::Grpc(GrpcRequest { call: block.text("call")?, message, metadata }))
}

fn sql(reader: &mut Reader<'_>, block: &Block<'_>) -> Option<RequestSpec> {
    let columns = block.texts("columns").iter().filter_map(|text| column(reader, text)).collect();
    let query = block.text("query").map(|text| reader.sql("query", &text));
    let texts = block.texts("execute");
    let execute: Vec<_> = texts.iter().filter_map(|text| reader.sql("execute", text)).collect();
    let statements = match (query, block.key("execute")) {
        (Some(query), None) => SqlStatements::Query(query?),
        (None, Some(key)) if texts.is_empty() => {
            reader.error("VERB_COUNT", "execute needs at least one statement", key.span);
            return None;
        }
        (None, Some(_)) if execute.len() == texts.len() => SqlStatements::Execute(execute),
        (None, Some(_)) => return None,
        (Some(_), Some(key)) => {
            reader.error("VERB_COUNT", "query and execute given; keep one", key.span);
            return None;
        }
        (None, None) => {
            reader.error("VERB_COUNT", "sql needs query (reads) or execute (writes)", block.span);
            return None;
        }
    };
    Some(RequestSpec::Sql(SqlRequest { statements, columns }))
}

/// `"name: expression"`
fn column(reader: &mut Reader<'_>, text: &Spanned<Name>) -> Option<Column> {
    let parts = text.value.split_once(':').map(|(name, expression)| (name.trim(), expression.trim()));
    let Some((name, expression)) = parts.filter(|(name, expression)| !name.is_empty() && !expression.is_empty()) else {
        reader.error("SQL_SYNTAX", "a column is written \"graphqlName: sqlExpression\"", text.span);
        return None;
    };
    let place = |part: &str| {
        let start = part.as_ptr().addr() - text.value.as_ptr().addr();
        reader.inside(text.span, start..start + part.len())
    };
    Some(Column {
        name: Spanned { value: name.into(), span: place(name) },
        expression: Spanned { value: expression.into(), span: place(expression) },
    })
}

fn graphql(reader: &mut Reader<'_>, block: &Block<'_>) -> Option<RequestSpec> {
    let args = reader.mapping(block, "args", "INVALID_MAPPING");
    let variables = reader.mapping(block, "variables", "INVALID_MAPPING");
    let belongs = |reader: &mut Reader<'_>, key: &str, verb: &str| {
        if let Some(key) = block.key(key) {
            reader.error(
                "VERB_COUNT",
                format!("\"{}\" belongs to \"{verb}\", which is not given", key.value),
                key.span,
            );
        }
    };
    match (block.text("field"), block.text("query")) {
        (Some(field), None) => {
            belongs(reader, "variables", "query");
            Some(RequestSpec::Graphql(GraphqlRequest::Field { field, args, written: WrittenArguments::default() }))
        }
        (None, Some(query)) => {
            belongs(reader, "args", "field");
            Some(RequestSpec::Graphql(GraphqlRequest::Query { query, variables }))
        }
        (Some(_), Some(query)) => {
            reader.error("VERB_COUNT", "field and query given; keep one", query.span);
            None
        }
        (None, None) => {
            reader.error("VERB_COUNT", "graphql needs field (a remote field) or query (a document)", block.span);
            None
        }
    }
}
