//! What a connector yields: the shape of its selection, joined with the schema.

use std::ops::Range;

use crate::graph::language::ast::{FieldDefinition, TypeExpr, TypeKind};
use crate::graph::mapping::{FieldShape, Kinds, ObjectShape, Shape};
use crate::platform::base::Name;
use crate::platform::base::span::Span;

use super::model::{ConnectSpec, OutputField};
use super::names::Names;
use super::pages::{self, Connection};
use super::read::Reader;
use super::text::did_you_mean;
use super::types::{Type, Types};

/// Fields that are listed when a selection does not say which it yields.
const MAX_IMPLIED: usize = 2_000;

/// What a connector yields.
#[derive(Debug, Default)]
pub struct Output {
    /// The fields below its place.
    pub fields: Vec<OutputField>,
    /// Types of which more might be yielded, were it not for mistakes that are reported.
    pub doubtful: Vec<Name>,
}

/// The fields below the place of `spec`, with findings about those that do not fit.
pub fn of(
    reader: &mut Reader<'_>,
    names: &Names,
    spec: &ConnectSpec,
    ty: &Type<'_>,
    field: Option<&FieldDefinition>,
) -> Output {
    let types = reader.types;
    let connection = match (field, &spec.paginate) {
        (Some(field), Some(paginate)) if paginate.connection => {
            match pages::connection(types, &field.ty.name().value) {
                Ok(connection) => Some((connection, paginate.total.is_some())),
                // What it lacks is reported with the pages.
                Err(_) => return Output { fields: Vec::new(), doubtful: vec![field.ty.name().value.clone()] },
            }
        }
        _ => None,
    };
    let name = match (field, &spec.paginate) {
        (None, _) => ty.name(),
        (Some(field), None) => &field.ty.name().value,
        (Some(field), Some(_)) => pages::record(types, field),
    };
    let place = spec.place.to_string();
    let literal = spec.selection.span;
    let mut join =
        Join { reader, types, names, literal, implicit: spec.implicit, left: MAX_IMPLIED, doubtful: Vec::new() };
    let shape = spec.selection.value.output();
    if types.is_leaf(name) {
        // Batches and pages are cut into elements before.
        let cut = spec.batch.is_some() || spec.paginate.is_some();
        match field.filter(|_| !cut) {
            Some(field) => join.leaf(&place, Some(&field.ty), name, shape, 0..0),
            None => join.leaf(&place, None, name, &element_of_list(shape), 0..0),
        }
        return Output::default();
    }
    if let Some(field) = field.filter(|_| spec.batch.is_none() && spec.paginate.is_none())
        && !join.fits(&place, &field.ty, shape, 0..0)
    {
        return Output { fields: Vec::new(), doubtful: join.doubtful };
    }
    let records = join.composite(&place, name, shape, 0..0);
    let doubtful = join.doubtful;
    let fields = match connection {
        Some((connection, total)) => around(types, connection, records, total, spec.span),
        None => records,
    };
    Output { fields, doubtful }
}

/// The fields of a connection around its records.
fn around(
    types: &Types<'_>,
    connection: Connection<'_>,
    records: Vec<OutputField>,
    total: bool,
    span: Span,
) -> Vec<OutputField> {
    let field = |name: &str, children| OutputField { name: name.into(), on: None, children, span };
    let mut fields = vec![field("edges", vec![field("cursor", Vec::new()), field("node", records.clone())])];
    if connection.ty.field("nodes").is_some() {
        fields.push(field("nodes", records));
    }
    let page_info = connection.ty.field("pageInfo").and_then(|info| types.get(&info.ty.name().value));
    let known = page_info.into_iter().flat_map(|ty| &ty.fields).map(|info| &info.name.value);
    let known = known.filter(|name| ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"].contains(&&***name));
    fields.push(field("pageInfo", known.map(|name| field(name, Vec::new())).collect()));
    if total && connection.ty.field("totalCount").is_some() {
        fields.push(field("totalCount", Vec::new()));
    }
    fields
}

struct Join<'r, 'a> {
    reader: &'r mut Reader<'a>,
    types: &'a Types<'a>,
    names: &'r Names,
    literal: Span,
    implicit: bool,
    left: usize,
    doubtful: Vec<Name>,
}

// === impl Join ===

impl<'a> Join<'_, 'a> {
    /// The fields that `shape` yields for type `name`; `place` names it in sentences.
    fn composite(&mut self, place: &str, name: &str, shape: &Shape, range: Range<usize>) -> Vec<OutputField> {
        match shape {
            Shape::Object(object) | Shape::Selected(object) => self.object(place, name, object, range),
            Shape::Array(element) => self.composite(place, name, element, range),
            Shape::Tuple(items) | Shape::OneOf(items) => {
                let mut fields = Vec::new();
                for item in items {
                    let more = self.composite(place, name, item, range.clone());
                    merge(&mut fields, more);
                }
                fields
            }
            Shape::Null => Vec::new(),
            Shape::Unknown => self.implied(name, &mut Vec::new(), range),
            Shape::Copied(_) => {
                let message = format!("{place} is an object of type {name}; select its fields in {{ }}");
                self.report("GROUP_SELECTION_REQUIRED_FOR_OBJECT", message, range);
                self.doubtful.push(name.into());
                Vec::new()
            }
            scalar => {
                let message = format!("{place} is an object of type {name}, the mapping yields {}", scalar.kinds());
                self.report("TYPE_MISMATCH", message, range);
                self.doubtful.push(name.into());
                Vec::new()
            }
        }
    }

    fn object(&mut self, place: &str, name: &str, object: &ObjectShape, range: Range<usize>) -> Vec<OutputField> {
        let Some(ty) = self.types.get(name) else { return Vec::new() };
        if ty.kind == TypeKind::Object {
            let mut fields = self.fields(ty, None, &object.fields);
            if object.open {
                merge(&mut fields, self.implied(name, &mut Vec::new(), range));
            }
            return fields;
        }
        let Some(typename) = object.field("__typename") else {
            let message = format!("{place} is of the abstract type {name}; each object must say its __typename");
            self.report("TYPE_MISMATCH", message, range);
            self.doubtful.push(name.into());
            return Vec::new();
        };
        let mut said = Vec::new();
        literals(&typename.shape, &mut said);
        if said.is_empty() {
            let message = format!("the __typename of {place} must be a literal");
            self.report("TYPE_MISMATCH", message, typename.value_range.clone());
            self.doubtful.push(name.into());
        }
        let possible = self.types.possible(name);
        let mut fields = Vec::new();
        let mut objects = Vec::new();
        for literal in said {
            match possible.iter().find(|ty| ty.name() == &*literal) {
                Some(ty) => objects.push(*ty),
                None => {
                    let hint = did_you_mean(&literal, possible.iter().map(|ty| ty.name()));
                    let message = format!("\"{literal}\" is no object type of {name}{hint}");
                    self.report("TYPE_MISMATCH", message, typename.value_range.clone());
                    self.doubtful.push(name.into());
                }
            }
        }
        // Alternatives were merged: a key belongs to the types that have such a field.
        for ty in &objects {
            let own = object.fields.iter().filter(|field| ty.field(&field.name).is_some()).cloned();
            let own: Vec<FieldShape> = own.collect();
            fields.extend(self.fields(ty, Some(ty.name()), &own));
        }
        for field in object.fields.iter().filter(|field| &*field.name != "__typename") {
            if !objects.is_empty() && objects.iter().all(|ty| ty.field(&field.name).is_none()) {
                let message = format!("selection yields \"{}\", which no type of {name} has", field.name);
                self.report("SELECTED_FIELD_NOT_FOUND", message, field.range.clone());
                self.doubtful.push(name.into());
            }
        }
        fields
    }

    fn fields(&mut self, ty: &Type<'a>, on: Option<&str>, shapes: &[FieldShape]) -> Vec<OutputField> {
        let mut fields = Vec::new();
        for shape in shapes.iter().filter(|shape| &*shape.name != "__typename") {
            let Some(definition) = ty.field(&shape.name) else {
                let known = ty.fields.iter().map(|field| &*field.name.value);
                let hint = did_you_mean(&shape.name, known);
                let message = format!("selection yields \"{}\", which {} has not{hint}", shape.name, ty.name());
                self.report("SELECTED_FIELD_NOT_FOUND", message, shape.range.clone());
                self.doubtful.push(ty.name().into());
                continue;
            };
            // Nobody can ask for it.
            if self.names.is_internal(ty, definition) {
                continue;
            }
            let connected = definition.directives.iter().any(|directive| directive.name == self.names.connect);
            if !definition.arguments.is_empty() && !connected {
                let message = format!("{}.{} has arguments, so it needs its own @connect", ty.name(), shape.name);
                self.report("CONNECTORS_FIELD_WITH_ARGUMENTS", message, shape.range.clone());
            }
            fields.push(self.field(ty, on, definition, shape));
        }
        fields
    }

    fn field(
        &mut self,
        ty: &Type<'a>,
        on: Option<&str>,
        definition: &FieldDefinition,
        shape: &FieldShape,
    ) -> OutputField {
        let inner = &definition.ty.name().value;
        let place = format!("{}.{}", ty.name(), shape.name);
        let children = if self.types.is_leaf(inner) {
            self.leaf(&place, Some(&definition.ty), inner, &shape.shape, shape.value_range.clone());
            Vec::new()
        } else if !self.fits(&place, &definition.ty, &shape.shape, shape.value_range.clone()) {
            Vec::new()
        } else {
            self.composite(&place, inner, &shape.shape, shape.value_range.clone())
        };
        OutputField {
            name: shape.name.clone(),
            on: on.map(Name::from),
            children,
            span: self.place(shape.range.clone()),
        }
    }

    /// Whether objects are where an object is needed, and a list where a list is, as far as it is
    /// known.
    fn fits(&mut self, place: &str, ty: &TypeExpr, shape: &Shape, range: Range<usize>) -> bool {
        let yields = match (ty.is_list(), shape.kinds()) {
            (false, Kinds::ARRAY) => "an array",
            (true, Kinds::OBJECT) => "an object",
            _ => return true,
        };
        self.report("TYPE_MISMATCH", format!("{place} is {ty}, the mapping yields {yields}"), range);
        self.doubtful.push(ty.name().value.clone());
        false
    }

    /// Checks the shape of a scalar or enum.
    fn leaf(&mut self, place: &str, ty: Option<&TypeExpr>, name: &str, shape: &Shape, range: Range<usize>) {
        let known = self.types.get(name);
        let wanted = match name {
            "String" => Kinds::STRING,
            "Boolean" => Kinds::BOOLEAN,
            "Int" | "Float" => Kinds::NUMBER,
            "ID" => Kinds::STRING.or(Kinds::NUMBER),
            _ if known.is_some_and(|ty| ty.kind == TypeKind::Enum) => Kinds::STRING,
            _ => return,
        };
        let written = ty.map_or_else(|| name.to_owned(), TypeExpr::to_string);
        if let Shape::Selected(_) = shape {
            let message = format!("{place} is {written}, which has no fields to select");
            self.report("GROUP_SELECTION_IS_NOT_OBJECT", message, range);
            return;
        }
        let list = ty.is_some_and(TypeExpr::is_list);
        let allowed = if list { Kinds::ARRAY } else { wanted };
        let nullable = ty.is_none_or(|ty| !ty.is_non_null());
        let allowed = if nullable { allowed.or(Kinds::NULL) } else { allowed };
        let element = if list { element_of_list(shape) } else { shape.clone() };
        if !allowed.intersects(shape.kinds())
            || list && !wanted.or(Kinds::ARRAY).or(Kinds::NULL).intersects(element.kinds())
        {
            let message = format!("{place} is {written}, the mapping yields {}", shape.kinds());
            self.report("TYPE_MISMATCH", message, range);
            return;
        }
        if let Some(known) = known.filter(|ty| ty.kind == TypeKind::Enum) {
            let mut said = Vec::new();
            literals(&element, &mut said);
            for literal in said.iter().filter(|literal| !known.values.contains(&&***literal)) {
                let hint = did_you_mean(literal, known.values.iter().copied());
                let message = format!("\"{literal}\" is not a value of {name}{hint}");
                self.report("TYPE_MISMATCH", message, range.clone());
            }
        }
    }

    /// All fields of a type that have no connector of their own: what an unknown value may have.
    fn implied(&mut self, name: &str, above: &mut Vec<String>, range: Range<usize>) -> Vec<OutputField> {
        let Some(ty) = self.types.get(name).filter(|ty| ty.kind == TypeKind::Object) else { return Vec::new() };
        let mut fields = Vec::new();
        above.push(name.to_owned());
        for field in &ty.fields {
            let is = |directive: &str| field.directives.iter().any(|applied| &*applied.name == directive);
            let inner = &field.ty.name().value;
            let repeated = above.iter().any(|name| **name == **inner);
            if is(&self.names.connect)
                || is(&self.names.external)
                || self.names.is_internal(ty, field)
                || !field.arguments.is_empty()
                || repeated
                || self.left == 0
            {
                continue;
            }
            self.left -= 1;
            let children = self.implied(inner, above, range.clone());
            let span = self.place(range.clone());
            fields.push(OutputField { name: field.name.value.clone(), on: None, children, span });
        }
        above.pop();
        fields
    }

    /// The place of a range of the selection; the whole of it for the empty range at its start.
    fn place(&self, range: Range<usize>) -> Span {
        if self.implicit || range == (0..0) { self.literal } else { self.reader.inside(self.literal, range) }
    }

    fn report(&mut self, code: &'static str, message: String, range: Range<usize>) {
        let span = self.place(range);
        let said = self.reader.findings.iter().any(|known| {
            known.code == code
                && known.message == message
                && known.labels.first().is_some_and(|label| label.span == span)
        });
        if !said {
            self.reader.error(code, message, span);
        }
    }
}

/// The texts a shape can be, where these are literals.
fn literals(shape: &Shape, found: &mut Vec<Name>) {
    match shape {
        Shape::String(Some(text)) if !found.contains(text) => found.push(text.clone()),
        Shape::OneOf(shapes) => shapes.iter().for_each(|shape| literals(shape, found)),
        _ => {}
    }
}

fn merge(fields: &mut Vec<OutputField>, more: Vec<OutputField>) {
    for field in more {
        match fields.iter_mut().find(|known| known.name == field.name && known.on == field.on) {
            Some(known) => merge(&mut known.children, field.children),
            None => fields.push(field),
        }
    }
}

/// An element where the shape is a list, itself where it is not.
fn element_of_list(shape: &Shape) -> Shape {
    match shape {
        Shape::Array(_) | Shape::Tuple(_) => shape.element(),
        Shape::OneOf(shapes) => Shape::OneOf(shapes.iter().map(element_of_list).collect()),
        other => other.clone(),
    }
}
