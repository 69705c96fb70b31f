//! Execution as the GraphQL specification describes it (§6), field by field over all data: slow, and
//! simple enough to be believed.

use serde_json::{Map, Value, json};

use crate::world::World;

use super::generate::{Argument, Condition, Field, Item, Operation, Pool};
use super::schema::{Access, field, named};

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    pub subject: &'static str,
    pub scopes: &'static str,
}

pub struct Naive<'a> {
    pub world: &'a World,
    pub pool: &'a Pool,
    pub asker: Option<&'a Asker>,
    pub operation: &'a Operation,
    /// Paths of fields that were denied; all of them, also below parents that became null.
    pub denied: Vec<Value>,
}

/// A null where none may be: it takes the parent with it.
struct Bubble;

// === impl Naive ===

impl Naive<'_> {
    /// The `data` of the answer.
    pub fn data(&mut self) -> Value {
        let (operation, root) = (self.operation, Value::Null);
        self.object("Query", &root, &[&operation.root], &mut Vec::new()).map_or(Value::Null, Value::Object)
    }

    /// ExecuteSelectionSet, §6.3.
    fn object(
        &mut self,
        ty: &str,
        object: &Value,
        sets: &[&Vec<Item>],
        path: &mut Vec<Value>,
    ) -> Result<Map<String, Value>, Bubble> {
        let mut groups: Vec<(String, Vec<&Field>)> = Vec::new();
        for items in sets {
            collect(self.operation, items, &mut groups);
        }
        let (mut answer, mut bubbles) = (Map::new(), false);
        for (key, fields) in groups {
            path.push(json!(key));
            match self.field(ty, object, &fields, path) {
                Ok(value) => {
                    answer.insert(key, value);
                }
                Err(Bubble) => bubbles = true,
            }
            path.pop();
        }
        if bubbles { Err(Bubble) } else { Ok(answer) }
    }

    /// ExecuteField, §6.4.
    fn field(&mut self, ty: &str, object: &Value, fields: &[&Field], path: &mut Vec<Value>) -> Result<Value, Bubble> {
        let rule = field(ty, fields[0].rule.name);
        let sets: Vec<&Vec<Item>> = fields.iter().map(|field| &field.items).collect();
        let value = match self.may_see(rule.access) {
            true => self.resolve(ty, object, rule.name, &fields[0].arguments),
            false => {
                self.denied.push(json!(path));
                Value::Null
            }
        };
        self.complete(rule.ty, value, &sets, path)
    }

    /// CompleteValue, §6.4.3.
    fn complete(
        &mut self,
        ty: &str,
        value: Value,
        sets: &[&Vec<Item>],
        path: &mut Vec<Value>,
    ) -> Result<Value, Bubble> {
        if let Some(ty) = ty.strip_suffix('!') {
            let value = self.complete(ty, value, sets, path)?;
            return if value.is_null() { Err(Bubble) } else { Ok(value) };
        }
        match (ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')), value) {
            (_, Value::Null) => Ok(Value::Null),
            (Some(inner), Value::Array(items)) => {
                let mut list = Vec::new();
                for (position, item) in items.into_iter().enumerate() {
                    path.push(json!(position));
                    list.push(self.complete(inner, item, sets, path));
                    path.pop();
                }
                Ok(list.into_iter().collect::<Result<Vec<_>, _>>().map_or(Value::Null, Value::Array))
            }
            (Some(_), other) => panic!("{ty} is a list: {other}"),
            (None, value) if super::schema::is_composite(ty) => {
                Ok(self.object(named(ty), &value, sets, path).map_or(Value::Null, Value::Object))
            }
            (None, value) => Ok(value),
        }
    }

    fn may_see(&self, access: Access) -> bool {
        match (access, self.asker) {
            (Access::Anybody, _) | (Access::Verified, Some(_)) => true,
            (Access::Scope(scope), Some(asker)) => asker.scopes.split(' ').any(|held| held == scope),
            (_, None) => false,
        }
    }

    /// A field's value: a leaf, a stored record, or a list of records.
    fn resolve(&self, ty: &str, of: &Value, name: &str, arguments: &[Argument]) -> Value {
        let world = self.world;
        let argument = |name: &str| arguments.iter().find(|given| given.name == name).map(|given| &given.value);
        let first = |default: usize| argument("first").map_or(default, |first| first.as_u64().unwrap() as usize);
        let own = || self.asker.map(|asker| json!(asker.subject)).unwrap_or_default();
        let record = |found: Option<&Value>| found.cloned().unwrap_or_default();
        match (ty, name) {
            ("Query", "me") => record(world.user(&own())),
            ("Query", "user") => record(world.user(argument("id").unwrap())),
            ("Query", "users") => self.users(argument("filter"), argument("after"), first(20)),
            ("Query", "product") => record(world.on_sale().find(|product| product["id"] == *argument("id").unwrap())),
            ("Query", "productBySku") => {
                record(world.on_sale().find(|product| product["sku"] == *argument("sku").unwrap()))
            }
            ("Query", "products") => {
                let all: Vec<Value> = world.on_sale().cloned().collect();
                page(&all, position(&self.pool.products_after, argument("after")), first(20))
            }
            ("Query", "categories") => world.categories.clone().into(),
            ("Query", "order") => {
                let mine = |order: &&Value| order["id"] == *argument("id").unwrap() && order["customer_id"] == own();
                record(world.orders.iter().find(mine))
            }
            ("Query", "latestReviews") => world.reviews.iter().rev().take(first(10)).cloned().collect(),

            ("User", "name") => of["full_name"].clone(),
            ("User", "status") => match of["state"].as_str().unwrap() {
                "A" => json!("ACTIVE"),
                "S" => json!("SUSPENDED"),
                _ => json!("CLOSED"),
            },
            ("User", "marketingOptIn") => json!(of["preferences"]["marketing"] == true),
            ("User", "addresses") => {
                world.addresses.iter().filter(|address| address["user_id"] == of["id"]).cloned().collect()
            }
            ("User", "orders") => {
                let mine = |order: &&Value| order["customer_id"] == of["id"] && of["id"] == own();
                page(&world.orders.iter().filter(mine).cloned().collect::<Vec<_>>(), 0, first(10))
            }
            ("User", "reviews") => world.reviews_where("author", &of["id"]).take(first(10)).cloned().collect(),

            ("Address", "id") => of["address_id"].clone(),
            ("Address", "isDefault") => of["is_default"].clone(),

            ("Order", "total") => json!({ "amount": of["total"], "currency": of["currency"] }),
            ("Order", "placedAt") => of["placed_at"].clone(),
            ("Order", "customer") => record(world.user(&of["customer_id"])),
            ("Order", "lines") => world.lines.iter().filter(|line| line["order_id"] == of["id"]).cloned().collect(),
            ("OrderLine", "product") => record(world.product(&of["product_id"])),
            ("OrderLine", "unitPrice") => {
                let order = world.orders.iter().find(|order| order["id"] == of["order_id"]).unwrap();
                json!({ "amount": of["unit_price"], "currency": order["currency"] })
            }

            ("Product", "price") => json!({ "amount": of["price"], "currency": of["currency"] }),
            ("Product", "weightGrams") => of["weight_grams"].clone(),
            ("Product", "category") => record(world.category(&of["category_id"])),
            ("Product", "stock") => record(world.level(&of["sku"])),
            ("Product", "shippingQuote") => quote(of, argument("zip").unwrap().as_str().unwrap()),
            ("Product", "averageRating") => {
                let ratings: Vec<f64> = world
                    .reviews_where("product", &of["id"])
                    .map(|review| review["rating"].as_f64().unwrap())
                    .collect();
                let average = ratings.iter().sum::<f64>() / ratings.len() as f64;
                if ratings.is_empty() { Value::Null } else { json!((average * 10.0).round() / 10.0) }
            }
            ("Product", "reviewCount") => json!(world.reviews_where("product", &of["id"]).count()),
            ("Product", "reviews") => {
                page(&world.reviews_where("product", &of["id"]).cloned().collect::<Vec<_>>(), 0, first(10))
            }

            ("Category", "id") => json!(of["id"].to_string()),
            ("Category", "parent") => record(world.category(&of["parent_id"])),
            ("Category", "children") => {
                world.categories.iter().filter(|category| category["parent_id"] == of["id"]).cloned().collect()
            }
            ("Category", "products") => {
                let mut products: Vec<Value> =
                    world.on_sale().filter(|product| product["category_id"] == of["id"]).cloned().collect();
                products.sort_by_key(|product| (product["name"].to_string(), product["id"].to_string()));
                products.into_iter().take(first(20)).collect()
            }

            ("Stock", "onHand") => json!(on_hand(of)),
            ("Stock", "available") => json!(on_hand(of) - of["reserved"].as_i64().unwrap()),
            ("Stock", "restockAt") => of.get("restock_at").and_then(Value::as_i64).map_or(Value::Null, |seconds| {
                let instant = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
                json!(instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            }),
            ("Stock", "locations") => of["warehouses"].clone(),
            ("StockLocation", "quantity") => of["on_hand"].clone(),

            ("Review", "author") => record(world.user(&of["author"])),
            ("Review", "product") => record(world.product(&of["product"])),
            (_, "createdAt") => of["created_at"].clone(),
            _ => of.get(name).unwrap_or_else(|| panic!("{ty}.{name} of {of}")).clone(),
        }
    }

    fn users(&self, filter: Option<&Value>, after: Option<&Value>, first: usize) -> Value {
        let filter = filter.cloned().unwrap_or_default();
        let part = filter["name"]["contains"].as_str().unwrap_or("").to_lowercase();
        let states = filter["status"]["in"].as_array();
        let fits = |user: &&Value| {
            let state = self.resolve("User", user, "status", &[]);
            user["full_name"].as_str().unwrap().to_lowercase().contains(&part)
                && states.is_none_or(|states| states.contains(&state))
        };
        let found: Vec<Value> = self.world.users.iter().filter(fits).cloned().collect();
        let mut connection = page(&found, position(&self.pool.users_after, after), first);
        connection["totalCount"] = json!(found.len());
        connection
    }
}

/// CollectFields, §6.3.2.
fn collect<'o>(operation: &'o Operation, items: &'o [Item], groups: &mut Vec<(String, Vec<&'o Field>)>) {
    let included = |condition: &Option<Condition>| condition.as_ref().is_none_or(|condition| condition.included);
    for item in items {
        match item {
            Item::Field(field) if included(&field.condition) => {
                let key = field.alias.clone().unwrap_or_else(|| field.rule.name.to_owned());
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, fields)) => fields.push(field),
                    None => groups.push((key, vec![field])),
                }
            }
            Item::Inline { condition, items, .. } if included(condition) => collect(operation, items, groups),
            Item::Spread { fragment, condition } if included(condition) => {
                collect(operation, &operation.fragments[*fragment].1, groups);
            }
            _ => {}
        }
    }
}

/// How many items a cursor leaves behind.
fn position(cursors: &[String], after: Option<&Value>) -> usize {
    after.map_or(0, |after| 1 + cursors.iter().position(|cursor| after == cursor).expect("one of the pool's"))
}

fn page(all: &[Value], skipped: usize, first: usize) -> Value {
    let nodes = all.iter().skip(skipped).take(first);
    let edges: Vec<Value> = nodes.map(|node| json!({ "cursor": node["id"], "node": node })).collect();
    let has_next = skipped + edges.len() < all.len();
    json!({ "edges": edges, "pageInfo": { "hasNextPage": has_next, "hasPreviousPage": skipped > 0 } })
}

fn on_hand(level: &Value) -> i64 {
    level["warehouses"].as_array().unwrap().iter().map(|place| place["on_hand"].as_i64().unwrap()).sum()
}

/// What the warehouse asks for a parcel: by weight and by the zone of the first digit.
fn quote(product: &Value, zip: &str) -> Value {
    let (grams, zone) = (product["weight_grams"].as_i64().unwrap(), i64::from(zip.as_bytes()[0] - b'0'));
    let cents = 390 + grams / 5 + 40 * zone;
    let express = grams <= 1_000;
    json!({
        "price": { "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "EUR" },
        "days": if express { 1 } else if zone > 4 { 3 } else { 2 },
        "service": if express { "EXPRESS" } else { "STANDARD" },
    })
}
