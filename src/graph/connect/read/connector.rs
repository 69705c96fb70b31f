//! `@connect`.

use crate::graph::language::ast::{Directive, FieldDefinition, TypeKind};
use crate::graph::mapping::{Dialect, Mapping, Variable};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

use crate::graph::connect::arguments::Block;
use crate::graph::connect::filled;
use crate::graph::connect::inputs;
use crate::graph::connect::model::{
    BatchMatch, BatchSpec, ConnectSpec, DEFAULT_BATCH, DEFAULT_CONCURRENCY, DEFAULT_MAX_PAGE, DEFAULT_PAGE,
    GraphqlRequest, PageStyle, PaginateSpec, Place, Protocol, RequestSpec,
};
use crate::graph::connect::names::Names;
use crate::graph::connect::output;
use crate::graph::connect::pages;
use crate::graph::connect::parts;
use crate::graph::connect::remote;
use crate::graph::connect::types::Type;

use super::implicit;
use super::reader::Reader;
use super::request::request;
use super::source::SourceDraft;

/// A `@connect` as far as it could be understood.
#[derive(Debug)]
pub struct ConnectorDraft<'a> {
    /// Its arguments.
    pub block: Block<'a>,
    /// The type it stands on, or whose field it stands on.
    pub ty: &'a Type<'a>,
    /// The field it stands on.
    pub field: Option<&'a FieldDefinition>,
    /// The protocols it has blocks for.
    pub protocols: Vec<Protocol>,
    /// What was understood. A request that was not is [`RequestSpec::Computed`].
    pub spec: ConnectSpec,
    /// Whether the request was understood, or is none on purpose.
    pub request_known: bool,
    /// Whether the selection was understood, or made from the type.
    pub selection_known: bool,
    /// Types of which more might be yielded, were it not for mistakes that are reported.
    pub doubtful: Vec<Name>,
}

/// Reads all `@connect`s, in document order of types and fields.
pub fn connectors<'a>(reader: &mut Reader<'a>, names: &Names, sources: &[SourceDraft<'a>]) -> Vec<ConnectorDraft<'a>> {
    let types = reader.types;
    let mut drafts = Vec::new();
    for ty in types.iter() {
        let own = ty.directives.iter().map(|directive| (None, *directive));
        let of_fields =
            ty.fields.iter().flat_map(|field| field.directives.iter().map(|directive| (Some(*field), directive)));
        let all: Vec<_> = own.chain(of_fields).filter(|(_, directive)| directive.name == names.connect).collect();
        for (field, directive) in &all {
            if ty.kind != TypeKind::Object {
                let message = format!("@connect stands on object types and their fields; {} is none", ty.name());
                reader.error("CONNECTORS_UNSUPPORTED_ABSTRACT_TYPE", message, directive.span);
                continue;
            }
            let position = all.iter().take_while(|(_, other)| !std::ptr::eq(*other, *directive));
            let position = position.filter(|(other, _)| other.map(|f| &f.name) == field.map(|f| &f.name)).count();
            drafts.push(connector(reader, names, sources, ty, *field, directive, position));
        }
    }
    drafts
}

fn connector<'a>(
    reader: &mut Reader<'a>,
    names: &Names,
    sources: &[SourceDraft<'a>],
    ty: &'a Type<'a>,
    field: Option<&'a FieldDefinition>,
    directive: &'a Directive,
    position: usize,
) -> ConnectorDraft<'a> {
    let block = Block::of(directive);
    let place = place(reader, ty, field);
    let id = block.text("id").map_or_else(|| format!("{place}[{position}]").into(), |id| id.value);
    let protocols: Vec<Protocol> =
        Protocol::ALL.into_iter().filter(|protocol| block.value(protocol.key()).is_some()).collect();
    let request = match protocols[..] {
        [] => Some(RequestSpec::Computed),
        [protocol] => block.block(protocol.key()).and_then(|block| request(reader, protocol, &block)),
        [_, second, ..] => {
            let place = block.key(second.key()).map_or(block.span, |key| key.span);
            let keys: Vec<_> = protocols.iter().map(|protocol| protocol.key()).collect();
            reader.error("VERB_COUNT", format!("{} given; a connector has one protocol", keys.join(" and ")), place);
            None
        }
    };
    let request_known = request.is_some();
    let paginate = paginate(reader, &block, field, request.as_ref());
    let implicit = block.value("selection").is_none();
    let selection = if implicit {
        implicit::selection(reader, names, ty, field, paginate.as_ref(), directive.span)
    } else {
        reader.mapping(&block, "selection", "INVALID_SELECTION")
    };
    let source = block.text("source").and_then(|name| {
        sources.iter().position(|source| source.name.as_ref().is_some_and(|known| known.value == name.value))
    });
    let selection_known = selection.is_some();
    let mut spec = ConnectSpec {
        id,
        place,
        source,
        request: request.unwrap_or(RequestSpec::Computed),
        selection: selection.unwrap_or_else(|| Spanned { value: nothing(), span: directive.span }),
        implicit,
        entity: field
            .is_some_and(|field| block.boolean("entity").unwrap_or(false) || names.lookup(&field.directives).is_some()),
        filled: field.map(|field| filled::of(names, ty, field)).unwrap_or_default(),
        batch: None,
        concurrency: DEFAULT_CONCURRENCY,
        paginate,
        errors: reader.errors(&block),
        is_success: reader.mapping(&block, "isSuccess", "INVALID_IS_SUCCESS"),
        timeout: reader.timeout(&block),
        inputs: Vec::new(),
        output: Vec::new(),
        span: directive.span,
    };
    if let RequestSpec::Graphql(GraphqlRequest::Field { args: Some(args), written, .. }) = &mut spec.request {
        *written = remote::written(reader.types, ty, field, args.value.output());
    }
    spec.batch = batch(reader, &block, &protocols, &mut spec);
    spec.inputs = inputs::of(reader, &spec, field);
    if let Some(key) = spec.batch.as_ref().map(|batch| inputs::batch_key(names, ty, &spec.inputs, batch)) {
        spec.batch.iter_mut().for_each(|batch| batch.key = key.clone());
    }
    let mut doubtful = Vec::new();
    if selection_known {
        let output = output::of(reader, names, &spec, ty, field);
        (spec.output, doubtful) = (output.fields, output.doubtful);
    }
    ConnectorDraft { block, ty, field, protocols, spec, request_known, selection_known, doubtful }
}

fn nothing() -> Mapping {
    Mapping::parse("$(null)", Dialect::Pleach).expect("the text is a mapping by the grammar: a literal in $( )")
}

fn place(reader: &Reader<'_>, ty: &Type<'_>, field: Option<&FieldDefinition>) -> Place {
    let on: Name = ty.name().into();
    match (field, reader.types.operation(ty.name())) {
        (None, _) => Place::Type { on },
        (Some(field), Some(operation)) => Place::Root { operation, on, field: field.name.value.clone() },
        (Some(field), None) => Place::Field { on, field: field.name.value.clone() },
    }
}

/// `batch`, or its defaults when `$batch` is read.
fn batch(
    reader: &mut Reader<'_>,
    block: &Block<'_>,
    protocols: &[Protocol],
    spec: &mut ConnectSpec,
) -> Option<BatchSpec> {
    let batch = block.block("batch");
    let default = protocols.first().map_or(DEFAULT_BATCH, |protocol| protocol.default_batch());
    let (mut max_size, mut by, mut matching) = (default, None, BatchMatch::Key);
    if let Some(batch) = &batch {
        max_size = positive(reader, batch, "maxSize").unwrap_or(default);
        spec.concurrency = positive(reader, batch, "concurrency").unwrap_or(DEFAULT_CONCURRENCY);
        by = reader.value(batch, "by", "INVALID_MAPPING");
        if batch.name("match") == Some("POSITION") {
            matching = BatchMatch::Position;
        }
    }
    parts::reads(spec, Variable::Batch).then(|| BatchSpec { max_size, by, matching, key: Vec::new() })
}

fn positive(reader: &mut Reader<'_>, block: &Block<'_>, key: &str) -> Option<u32> {
    let number = block.int(key)?;
    match u32::try_from(number.value) {
        Ok(value) if value > 0 => Some(value),
        _ => {
            reader.error("GRAPHQL_ERROR", format!("{key} must be at least 1"), number.span);
            None
        }
    }
}

fn paginate(
    reader: &mut Reader<'_>,
    block: &Block<'_>,
    field: Option<&FieldDefinition>,
    request: Option<&RequestSpec>,
) -> Option<PaginateSpec> {
    let paginate = block.block("paginate")?;
    let style = match paginate.name("style")? {
        "OFFSET" => PageStyle::Offset,
        "PAGE" => PageStyle::Page,
        "CURSOR" => PageStyle::Cursor,
        "SEEK" => PageStyle::Seek,
        _ => return None,
    };
    let size = positive(reader, &paginate, "size").unwrap_or(DEFAULT_PAGE);
    let max_size = positive(reader, &paginate, "maxSize").unwrap_or(DEFAULT_MAX_PAGE);
    let columns = match request {
        Some(RequestSpec::Sql(sql)) => &sql.columns[..],
        _ => &[],
    };
    let key = paginate.texts("key").iter().filter_map(|text| pages::key_column(reader, text, columns)).collect();
    Some(PaginateSpec {
        style,
        items: reader.value(&paginate, "items", "INVALID_MAPPING"),
        size,
        max_size,
        total: reader.value(&paginate, "total", "INVALID_MAPPING"),
        has_next: reader.value(&paginate, "hasNext", "INVALID_MAPPING"),
        next: reader.value(&paginate, "next", "INVALID_MAPPING"),
        key,
        connection: field.is_some_and(|field| !field.ty.is_list()),
    })
}
