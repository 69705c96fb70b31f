//! The selection of a connector that has none: each field from the key of the same name.

use crate::graph::language::ast::{FieldDefinition, TypeKind};
use crate::graph::mapping::{Dialect, Mapping};
use crate::platform::base::span::{Span, Spanned};

use crate::graph::connect::model::PaginateSpec;
use crate::graph::connect::names::{Names, keys};
use crate::graph::connect::pages;
use crate::graph::connect::types::Type;

use super::reader::Reader;

/// The implicit selection for a type or a field's type. `None` when there is none; the findings
/// say why.
pub fn selection<'a>(
    reader: &mut Reader<'a>,
    names: &Names,
    ty: &'a Type<'a>,
    field: Option<&'a FieldDefinition>,
    paginate: Option<&PaginateSpec>,
    span: Span,
) -> Option<Spanned<Mapping>> {
    let yields = match (field, paginate) {
        (None, _) => ty.name(),
        (Some(field), None) => &field.ty.name().value,
        (Some(field), Some(_)) => pages::record(reader.types, field),
    };
    let text = if reader.types.is_leaf(yields) {
        "$".to_owned()
    } else {
        let mut builder = Builder { reader, names, text: String::new() };
        if let Err(message) = builder.fields(yields, &mut Vec::new()) {
            reader.error("GROUP_SELECTION_REQUIRED_FOR_OBJECT", message, span);
            return None;
        }
        builder.text
    };
    match Mapping::parse(&text, Dialect::Pleach) {
        Ok(value) => Some(Spanned { value, span }),
        Err(_) => {
            reader.error("INVALID_SELECTION", format!("{yields} needs a selection"), span);
            None
        }
    }
}

/// Bytes of a selection made from types. Types that use each other can make it very long.
const MAX_LENGTH: usize = 64 * 1024;

struct Builder<'r, 'a> {
    reader: &'r Reader<'a>,
    names: &'r Names,
    text: String,
}

// === impl Builder ===

impl<'a> Builder<'_, 'a> {
    /// Writes the fields of `name`; false when there are none. `above` are the types around.
    fn fields(&mut self, name: &'a str, above: &mut Vec<&'a str>) -> Result<bool, String> {
        let Some(ty) = self.reader.types.get(name).filter(|ty| ty.kind == TypeKind::Object) else {
            return Err(format!("{name} is abstract, so it needs a selection that says __typename"));
        };
        let before = self.text.len();
        if self.text.len() > MAX_LENGTH {
            return Err(format!("{name} and the types below it are too many for a selection that is not written"));
        }
        above.push(name);
        for field in &ty.fields {
            let is = |directive: &str| field.directives.iter().any(|applied| &*applied.name == directive);
            let seen = !self.names.is_internal(ty, field);
            if is(&self.names.connect) || is(&self.names.external) || !field.arguments.is_empty() || !seen {
                continue;
            }
            self.field(field, above)?;
        }
        above.pop();
        Ok(self.text.len() > before)
    }

    fn field(&mut self, field: &'a FieldDefinition, above: &mut Vec<&'a str>) -> Result<(), String> {
        let inner = &*field.ty.name().value;
        if self.reader.types.is_leaf(inner) {
            self.text.push_str(&field.name.value);
            self.text.push('\n');
            return Ok(());
        }
        let start = self.text.len();
        self.text.push_str(&field.name.value);
        self.text.push_str(" {\n");
        let any = if above.contains(&inner) { self.key_of(inner) } else { self.fields(inner, above)? };
        if any {
            self.text.push_str("}\n");
        } else {
            self.text.truncate(start);
        }
        Ok(())
    }

    /// Writes the first key of a type that stands around itself: the rest comes by that key.
    fn key_of(&mut self, name: &str) -> bool {
        let directives = self.reader.types.get(name).map(|ty| ty.directives.clone()).unwrap_or_default();
        let Some(fields) = keys(self.names, &directives).first().and_then(|key| key.fields.as_str()) else {
            return false;
        };
        self.text.push_str(fields);
        self.text.push('\n');
        true
    }
}
