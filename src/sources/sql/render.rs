//! From a template and values to a statement: text of the template, expressions of `columns`, and
//! placeholders.

use std::fmt::Write as _;

use serde_json::Value;

use crate::graph::connect::model::{Column, KeyColumn};
use crate::graph::mapping::{Fragment, Mapping, SqlPiece, SqlTemplate, Variables};
use crate::sources::connector::{Page, request_part};

use super::database::{Placeholders, Sql, Statement};
use super::exact::Input;

/// Values of one statement that every database takes.
const MAX_PLACEHOLDERS: usize = 32_766;

/// What fragments are written from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) columns: &'a [Column],
    /// The key of SEEK pages; empty otherwise.
    pub(super) key: &'a [KeyColumn],
    pub(super) page: Option<&'a Page>,
    pub(super) sql: Sql,
}

/// Writes the statement.
///
/// # Errors
/// With a reason, when a fragment's value is not of the kind it needs.
pub(super) fn render(template: &SqlTemplate, variables: &Variables<'_>, parts: Parts<'_>) -> Result<Statement, String> {
    let mut writer = Writer { text: String::new(), values: Vec::new(), parts };
    for piece in template.pieces() {
        match piece {
            SqlPiece::Sql { text, .. } => writer.text.push_str(text),
            SqlPiece::Value(hole) => writer.bind(value(&hole.mapping, variables)?.into()),
            SqlPiece::Fragment { fragment, mapping, .. } => {
                let value = mapping.as_ref().map(|mapping| value(mapping, variables)).transpose()?;
                writer.fragment(*fragment, value)?;
            }
        }
    }
    if writer.values.len() > MAX_PLACEHOLDERS {
        return Err(format!("the statement has more than {MAX_PLACEHOLDERS} values"));
    }
    let exact = parts.page.into_iter().flat_map(|_| parts.key).map(|column| column.column.clone());
    Ok(Statement { text: writer.text.into(), values: writer.values, exact: exact.collect() })
}

fn value(mapping: &Mapping, variables: &Variables<'_>) -> Result<Value, String> {
    request_part(mapping, variables).map(Option::unwrap_or_default).map_err(|error| error.message)
}

struct Writer<'a> {
    text: String,
    values: Vec<Input>,
    parts: Parts<'a>,
}

// === impl Writer ===

impl Writer<'_> {
    /// Writes a placeholder for `value`.
    fn bind(&mut self, value: Input) {
        self.values.push(value);
        match self.parts.sql.placeholders {
            Placeholders::Question => self.text.push('?'),
            // Writing to a string cannot fail.
            Placeholders::Numbered => drop(write!(self.text, "${}", self.values.len())),
        }
    }

    fn fragment(&mut self, fragment: Fragment, value: Option<Value>) -> Result<(), String> {
        match (fragment, value) {
            (Fragment::List, Some(value)) => self.list(value),
            (Fragment::Values, Some(value)) => self.rows(value),
            (Fragment::Seek, None) => {
                self.seek();
                Ok(())
            }
            (Fragment::OrderBy, None) => {
                self.order();
                Ok(())
            }
            (fragment, _) => Err(format!("{{%{}}} cannot be used here", fragment.as_str())),
        }
    }

    /// `?, ?, ?`; an empty list is `NULL`, which matches nothing.
    fn list(&mut self, value: Value) -> Result<(), String> {
        let items = match value {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => return Err("{%list} needs a list".to_owned()),
        };
        if items.is_empty() {
            self.text.push_str("NULL");
        }
        self.separated(items, |writer, item| {
            writer.bind(item.into());
            Ok(())
        })
    }

    /// `(?, ?), (?, ?)`: the columns in their order.
    fn rows(&mut self, value: Value) -> Result<(), String> {
        let wrong = || "{%values} needs a list of objects that is not empty".to_owned();
        let Value::Array(items) = value else { return Err(wrong()) };
        if items.is_empty() {
            return Err(wrong());
        }
        self.separated(items, |writer, item| {
            let Value::Object(mut fields) = item else { return Err(wrong()) };
            writer.text.push('(');
            // Without columns the object's own order counts; the objects are all written alike.
            let values: Vec<Value> = match writer.parts.columns {
                [] => fields.into_iter().map(|(_, value)| value).collect(),
                columns => {
                    let take = |column: &Column| fields.remove(&*column.name.value).unwrap_or(Value::Null);
                    columns.iter().map(take).collect()
                }
            };
            writer.separated(values, |writer, value| {
                writer.bind(value.into());
                Ok(())
            })?;
            writer.text.push(')');
            Ok(())
        })
    }

    fn separated(
        &mut self,
        items: Vec<Value>,
        mut write: impl FnMut(&mut Self, Value) -> Result<(), String>,
    ) -> Result<(), String> {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            write(self, item)?;
        }
        Ok(())
    }

    /// `((a < ?) OR (a = ? AND b > ?))`: what comes after the key; true on the first page.
    fn seek(&mut self) {
        let Some(page) = self.parts.page.filter(|page| page.after.is_object()) else {
            // Not every SQLite knows TRUE.
            return self.text.push_str("1 = 1");
        };
        let key = self.parts.key;
        self.text.push('(');
        for (last, column) in key.iter().enumerate() {
            if last > 0 {
                self.text.push_str(" OR ");
            }
            self.text.push('(');
            for equal in &key[..last] {
                let value = at(page, equal);
                let _ = write!(self.text, "{} ", equal.expression);
                match value.is_null() {
                    true => self.text.push_str("IS NULL"),
                    false => {
                        self.text.push_str("= ");
                        self.bind(value);
                    }
                }
                self.text.push_str(" AND ");
            }
            self.beyond(column, at(page, column), column.descending == page.backward, last + 1 < key.len());
            self.text.push(')');
        }
        self.text.push(')');
    }

    /// What is greater, or less, than a value of a column, where NULL has the place that the database
    /// gives it in its order. NULL that comes after a value is left out where the column is the last
    /// one, which is never NULL: an index could not be used.
    fn beyond(&mut self, column: &KeyColumn, value: Input, greater: bool, nullable: bool) {
        let expression = &column.expression;
        let nulls_follow = greater == self.parts.sql.nulls_last;
        let sign = if greater { '>' } else { '<' };
        let _ = match (value.is_null(), nulls_follow) {
            (true, true) => write!(self.text, "1 = 0"),
            (true, false) => write!(self.text, "{expression} IS NOT NULL"),
            (false, true) if nullable => {
                let _ = write!(self.text, "({expression} IS NULL OR {expression} {sign} ");
                self.bind(value);
                write!(self.text, ")")
            }
            (false, _) => {
                let _ = write!(self.text, "{expression} {sign} ");
                self.bind(value);
                Ok(())
            }
        };
    }

    /// The key's columns, turned round for a page that is read backwards; without a key the first
    /// column of the result.
    fn order(&mut self) {
        let backward = self.parts.page.is_some_and(|page| page.backward);
        if self.parts.key.is_empty() {
            return self.text.push('1');
        }
        for (index, column) in self.parts.key.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let order = if column.descending == backward { "ASC" } else { "DESC" };
            let _ = write!(self.text, "{comma}{} {order}", column.expression);
        }
    }
}

/// The value of a key column to continue after.
fn at(page: &Page, column: &KeyColumn) -> Input {
    let name = &*column.name.value;
    let exact = page.exact.get(name).and_then(|exact| serde_json::from_value(exact.clone()).ok());
    Input { value: page.after.get(name).cloned().unwrap_or(Value::Null), exact }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::graph::mapping::{Dialect, Variable};
    use crate::platform::base::span::{FileId, Span, Spanned};

    fn named(text: &str) -> Spanned<std::sync::Arc<str>> {
        Spanned { value: text.into(), span: Span::new(FileId(0), 0, 0) }
    }

    fn page(after: Value, backward: bool) -> Page {
        Page { limit: 3, offset: 0, number: 1, cursor: Value::Null, after, exact: Map::new(), backward }
    }

    fn rendered(text: &str, args: Value, page: Option<&Page>, placeholders: Placeholders) -> (String, Vec<Value>) {
        let template = SqlTemplate::parse(text, Dialect::Pleach).unwrap();
        let columns = ["name", "price"].map(|name| Column { name: named(name), expression: named(name) });
        let key = [("createdAt", "p.created_at", true), ("id", "p.id", false)].map(|(name, expression, descending)| {
            let column = expression.rsplit('.').next().unwrap_or("").into();
            KeyColumn { name: named(name), descending, expression: expression.into(), column }
        });
        let sql = Sql { placeholders, nulls_last: placeholders == Placeholders::Numbered };
        let parts = Parts { columns: &columns, key: &key, page, sql };
        let variables = Variables::new().with(Variable::Args, &args);
        let statement = render(&template, &variables, parts).unwrap();
        (statement.text.to_string(), statement.values.into_iter().map(|input| input.value).collect())
    }

    #[test]
    fn values_become_placeholders_and_never_text() {
        let text = "SELECT 1 WHERE a = {$args.a}::int AND b IN ({%list $args.b}) AND c = {$args.c}";
        let args = json!({ "a": "1; DROP TABLE x", "b": [1, 2] });
        assert_eq!(
            rendered(text, args.clone(), None, Placeholders::Numbered),
            (
                "SELECT 1 WHERE a = $1::int AND b IN ($2, $3) AND c = $4".to_owned(),
                vec![json!("1; DROP TABLE x"), json!(1), json!(2), Value::Null]
            )
        );
        assert_eq!(
            rendered(text, args, None, Placeholders::Question).0,
            "SELECT 1 WHERE a = ?::int AND b IN (?, ?) AND c = ?"
        );
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let (text, values) = rendered("a IN ({%list $args.b})", json!({ "b": [] }), None, Placeholders::Question);
        assert_eq!((text.as_str(), values.len()), ("a IN (NULL)", 0));
    }

    #[test]
    fn values_follow_the_order_of_columns() {
        let args = json!({ "rows": [{ "price": 1, "name": "a" }, { "name": "b" }] });
        assert_eq!(
            rendered("VALUES {%values $args.rows}", args, None, Placeholders::Question),
            ("VALUES (?, ?), (?, ?)".to_owned(), vec![json!("a"), json!(1), json!("b"), Value::Null])
        );
    }

    #[test]
    fn a_page_continues_after_its_key_in_either_direction() {
        let text = "WHERE {%seek} ORDER BY {%orderBy}";
        let after = json!({ "createdAt": "2020", "id": 7 });
        let seek = |page: Page| rendered(text, json!({}), Some(&page), Placeholders::Question);
        assert_eq!(seek(page(Value::Null, false)).0, "WHERE 1 = 1 ORDER BY p.created_at DESC, p.id ASC");
        let (forward, values) = seek(page(after.clone(), false));
        assert_eq!(
            forward,
            "WHERE (((p.created_at IS NULL OR p.created_at < ?)) OR (p.created_at = ? AND p.id > ?)) \
             ORDER BY p.created_at DESC, p.id ASC"
        );
        assert_eq!(values, [json!("2020"), json!("2020"), json!(7)]);
        assert_eq!(
            seek(page(after, true)).0,
            "WHERE ((p.created_at > ?) OR (p.created_at = ? AND p.id < ?)) ORDER BY p.created_at ASC, p.id DESC"
        );
    }
    #[test]
    fn null_has_its_place_in_the_order() {
        let text = "{%seek}";
        let after = |at: Value| json!({ "createdAt": at, "id": 7 });
        let seek =
            |at, backward, placeholders| rendered(text, json!({}), Some(&page(after(at), backward)), placeholders).0;
        use Placeholders::{Numbered, Question};
        let null = Value::Null;
        assert_eq!(seek(null.clone(), false, Question), "((1 = 0) OR (p.created_at IS NULL AND p.id > ?))");
        assert_eq!(
            seek(null.clone(), true, Question),
            "((p.created_at IS NOT NULL) OR (p.created_at IS NULL AND p.id < ?))"
        );
        assert_eq!(seek(null, false, Numbered), "((p.created_at IS NOT NULL) OR (p.created_at IS NULL AND p.id > $1))");
        assert_eq!(
            seek(json!(1), true, Numbered),
            "(((p.created_at IS NULL OR p.created_at > $1)) OR (p.created_at = $2 AND p.id < $3))"
        );
        assert_eq!(seek(json!(1), false, Numbered), "((p.created_at < $1) OR (p.created_at = $2 AND p.id > $3))");
    }
}
