//! Relay connections, and the keys of SEEK pages.

use crate::graph::language::ast::FieldDefinition;
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

use super::model::{Column, KeyColumn};
use super::read::Reader;
use super::text::did_you_mean;
use super::types::{Type, Types};

/// The types of a Relay connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// The connection: `edges`, `pageInfo`, perhaps `nodes` and `totalCount`.
    pub ty: &'a Type<'a>,
    /// The name of the records' type.
    pub node: &'a str,
}

/// The connection that `name` is, or what it lacks to be one.
///
/// # Errors
/// A sentence's end: what is missing.
pub fn connection<'a>(types: &'a Types<'a>, name: &str) -> Result<Connection<'a>, String> {
    let ty = types.get(name).ok_or_else(|| format!("{name} is not a connection type"))?;
    let edges =
        ty.field("edges").filter(|edges| edges.ty.is_list()).ok_or_else(|| format!("{name} lacks edges, a list"))?;
    let edge_name = &edges.ty.name().value;
    let edge = types.get(edge_name).ok_or_else(|| format!("{edge_name} is not an edge type"))?;
    let node = edge.field("node").ok_or_else(|| format!("{edge_name} lacks node"))?;
    if edge.field("cursor").is_none() {
        return Err(format!("{edge_name} lacks cursor"));
    }
    if ty.field("pageInfo").is_none() {
        return Err(format!("{name} lacks pageInfo"));
    }
    Ok(Connection { ty, node: &node.ty.name().value })
}

/// The type of one record of a field with `paginate`.
pub fn record<'a>(types: &'a Types<'a>, field: &'a FieldDefinition) -> &'a str {
    let name = &*field.ty.name().value;
    if field.ty.is_list() { name } else { connection(types, name).map_or(name, |connection| connection.node) }
}

/// One column of `paginate.key`: `"createdAt desc"`.
pub fn key_column(reader: &mut Reader<'_>, text: &Spanned<Name>, columns: &[Column]) -> Option<KeyColumn> {
    let mut words = text.value.split_whitespace();
    let name: Name = words.next().unwrap_or("").into();
    let descending = match (words.next(), words.next()) {
        (None, _) => false,
        (Some(word), None) if word.eq_ignore_ascii_case("asc") => false,
        (Some(word), None) if word.eq_ignore_ascii_case("desc") => true,
        _ => {
            reader.error("PAGINATION_SHAPE", "a key column is written \"name\" or \"name desc\"", text.span);
            return None;
        }
    };
    let Some(column) = columns.iter().find(|column| column.name.value == name) else {
        let known = columns.iter().map(|column| &*column.name.value);
        let message = format!("key column \"{name}\" has no entry in columns{}", did_you_mean(&name, known));
        let start = text.value.find(&*name).unwrap_or(0);
        let span = reader.inside(text.span, start..start + name.len());
        reader.error("SQL_COLUMN_UNKNOWN", message, span);
        return None;
    };
    let expression = column.expression.value.clone();
    let column = result_column(&expression).map_or_else(|| name.clone(), Name::from);
    Some(KeyColumn { name: Spanned { value: name, span: text.span }, descending, column, expression })
}

/// What a column is called in the result when nobody gives it another name: the last part of
/// `t.column`. Expressions have no name of their own; they are given that of the key.
fn result_column(expression: &str) -> Option<&str> {
    let parts = expression.split('.').map(|part| {
        let quoted =
            part.len() > 2 && ['"', '`'].iter().any(|quote| part.starts_with(*quote) && part.ends_with(*quote));
        if quoted {
            return Some(&part[1..part.len() - 1]);
        }
        let whole = part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        (whole && !part.is_empty()).then_some(part)
    });
    parts.collect::<Option<Vec<_>>>()?.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_columns_have_names_of_their_own() {
        assert_eq!(result_column("id"), Some("id"));
        assert_eq!(result_column("s.t.created_at"), Some("created_at"));
        assert_eq!(result_column("t.\"createdAt\""), Some("createdAt"));
        assert_eq!(result_column("lower(e.nm)"), None);
        assert_eq!(result_column("e.a + e.b"), None);
        assert_eq!(result_column("e.a::text"), None);
    }
}
