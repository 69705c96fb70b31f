//! The demo's data, read from its own files: what answers are compared with.

use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Connection, Row, TypeInfo, ValueRef};

use pleach::cli::demo::files::{CATALOGUE, ORDERS};

/// All records of all five systems, as they are stored.
pub struct World {
    pub users: Vec<Value>,
    pub addresses: Vec<Value>,
    pub stock: Vec<Value>,
    /// Oldest first.
    pub reviews: Vec<Value>,
    pub categories: Vec<Value>,
    pub products: Vec<Value>,
    pub orders: Vec<Value>,
    pub lines: Vec<Value>,
}

// === impl World ===

impl World {
    pub async fn read() -> Self {
        let list = |text: &str| serde_json::from_str::<Vec<Value>>(text).expect("a list");
        let mut catalogue = database(&CATALOGUE).await;
        let mut orders = database(&ORDERS).await;
        Self {
            users: list(include_str!("../../src/cli/demo/data/users.json")),
            addresses: list(include_str!("../../src/cli/demo/data/addresses.json")),
            stock: list(include_str!("../../src/cli/demo/data/stock.json")),
            reviews: list(include_str!("../../src/cli/demo/data/reviews.json")),
            categories: rows(&mut catalogue, "SELECT * FROM category ORDER BY name").await,
            products: rows(&mut catalogue, "SELECT * FROM product ORDER BY created_at DESC, id").await,
            orders: rows(&mut orders, "SELECT * FROM orders ORDER BY placed_at DESC, id").await,
            lines: rows(&mut orders, "SELECT * FROM order_line ORDER BY order_id, line_no").await,
        }
    }

    /// Products on sale, newest first.
    pub fn on_sale(&self) -> impl Iterator<Item = &Value> {
        self.products.iter().filter(|product| product["active"] == true)
    }

    pub fn user(&self, id: &Value) -> Option<&Value> {
        self.users.iter().find(|user| user["id"] == *id)
    }

    pub fn product(&self, id: &Value) -> Option<&Value> {
        self.products.iter().find(|product| product["id"] == *id)
    }

    pub fn category(&self, id: &Value) -> Option<&Value> {
        self.categories.iter().find(|category| category["id"] == *id)
    }

    /// What the warehouse has of an article.
    pub fn level(&self, sku: &Value) -> Option<&Value> {
        self.stock.iter().find(|level| level["sku"] == *sku)
    }

    /// Reviews where `key` is `value`, newest first.
    pub fn reviews_where<'a>(&'a self, key: &'a str, value: &'a Value) -> impl Iterator<Item = &'a Value> {
        self.reviews.iter().rev().filter(move |review| review[key] == *value)
    }
}

async fn database(scripts: &[&'static str]) -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
    for script in scripts {
        sqlx::raw_sql(AssertSqlSafe(*script)).execute(&mut connection).await.expect("the script runs");
    }
    connection
}

async fn rows(connection: &mut SqliteConnection, query: &'static str) -> Vec<Value> {
    let rows = sqlx::query(query).fetch_all(connection).await.expect("rows");
    rows.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Value {
    let mut object = Map::new();
    for column in row.columns() {
        let at = column.ordinal();
        let value = row.try_get_raw(at).expect("a value");
        let value = match (value.is_null(), value.type_info().name()) {
            (true, _) => Value::Null,
            (_, "INTEGER") if column.type_info().name() == "BOOLEAN" => json!(row.get::<bool, _>(at)),
            (_, "BOOLEAN") => json!(row.get::<bool, _>(at)),
            (_, "INTEGER") => json!(row.get::<i64, _>(at)),
            _ => json!(row.get::<String, _>(at)),
        };
        object.insert(column.name().to_owned(), value);
    }
    Value::Object(object)
}
