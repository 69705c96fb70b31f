//! SEEK pages compared with the whole list, on every database: whatever the key's type, and with
//! NULL in it, each row comes once, in order, in both directions.

use serde_json::{Value, json};

use crate::harness::{Ask, Subgraph};

/// A key, as of columns of the table `item` (whose `id` is unique and never NULL), and how the whole
/// list is ordered by it.
pub struct Key {
    pub columns: &'static [&'static str],
    /// Expressions, where they are more than the column.
    pub expressions: &'static [&'static str],
}

// === impl Key ===

impl Key {
    pub const fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, expressions: &[] }
    }

    fn field(&self) -> String {
        self.columns.join("_").replace(' ', "_")
    }

    fn sdl(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.split(' ').next().unwrap()).collect();
        let expression = |name: &str| {
            let own = self.expressions.iter().find_map(|pair| pair.split_once(": ").filter(|(own, _)| *own == name));
            own.map_or_else(|| format!("i.{name}"), |(_, expression)| expression.to_owned())
        };
        let select: Vec<String> = names.iter().map(|name| format!("{} AS {name}", expression(name))).collect();
        let columns: Vec<String> = names.iter().map(|name| format!("\"{name}: {}\"", expression(name))).collect();
        let keys: Vec<String> = self.columns.iter().map(|column| format!("\"{column}\"")).collect();
        let id = if names.contains(&"id") { "" } else { "i.id, " };
        let (field, select, columns, keys) = (self.field(), select.join(", "), columns.join(", "), keys.join(", "));
        format!(
            r#"
            {field}(first: Int, after: String, last: Int, before: String): Items @connect(
              source: "db" id: "{field}" selection: "id"
              paginate: {{ style: SEEK, key: [{keys}], size: 2, maxSize: 100 }}
              sql: {{
                query: "SELECT {id}{select} FROM item i WHERE {{%seek}} ORDER BY {{%orderBy}} LIMIT {{$page.limit}}"
                columns: [{columns}]
              }}
            )"#
        )
    }
}

/// Reads the list of each key page by page.
pub async fn covers(url: &str, keys: &[Key]) {
    let subgraph = subgraph(url, keys);
    let mut wrong = Vec::new();
    for key in keys {
        let field = key.field();
        let (whole, _) = page(&subgraph, &field, json!({ "first": 100 })).await;
        assert!(whole.len() > 5, "{field}: {whole:?}");
        for size in [1, 2, 5] {
            for backward in [false, true] {
                let pages = walk(&subgraph, &field, size, backward, whole.len()).await;
                if pages != whole {
                    wrong.push(format!("{field}, {size} a page, backward: {backward}: {pages:?} is not {whole:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why the list of a key cannot be read: code and message.
pub async fn refusal(url: &str, key: Key) -> (String, String) {
    let field = key.field();
    let arguments = json!({ "first": 100 });
    let answer = subgraph(url, &[key]).field(&field, 0, Ask { arguments, ..Ask::default() }).await;
    let error = answer.map(|answered| panic!("{field}: {answered:?}")).unwrap_err();
    (error.code.to_string(), error.message.to_string())
}

fn subgraph(url: &str, keys: &[Key]) -> Subgraph {
    let fields: String = keys.iter().map(Key::sdl).collect();
    let sdl = format!(
        r#"
        type Item {{ id: ID! }}
        type ItemEdge {{ cursor: String! node: Item! }}
        type PageInfo {{ hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }}
        type Items {{ edges: [ItemEdge!]! nodes: [Item!]! pageInfo: PageInfo! }}
        extend schema @source(name: "db", sql: {{ url: "{{$env.DB}}" }})
        type Query {{ {fields} }}"#
    );
    Subgraph::new(&sdl, &[("DB", url)])
}

async fn page(subgraph: &Subgraph, field: &str, arguments: Value) -> (Vec<Value>, Value) {
    let answer = subgraph.field(field, 0, Ask { arguments: arguments.clone(), ..Ask::default() }).await;
    let value = answer.unwrap_or_else(|error| panic!("{field} {arguments}: {error:?}")).value();
    let ids = value["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
    (ids, value["pageInfo"].clone())
}

async fn walk(subgraph: &Subgraph, field: &str, size: u64, backward: bool, length: usize) -> Vec<Value> {
    let (count, place, edge, more) = match backward {
        false => ("first", "after", "endCursor", "hasNextPage"),
        true => ("last", "before", "startCursor", "hasPreviousPage"),
    };
    let mut all = Vec::new();
    let mut arguments = json!({ count: size });
    loop {
        let (mut ids, info) = page(subgraph, field, arguments).await;
        if backward {
            ids.append(&mut all);
            all = ids;
        } else {
            all.append(&mut ids);
        }
        // A list without end is wrong in any case.
        if info[more] != true || all.len() > 2 * length {
            return all;
        }
        arguments = json!({ count: size, place: info[edge] });
    }
}
