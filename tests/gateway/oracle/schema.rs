//! The demo's API schema, as far as operations are made of it.

/// A field: its parent, name, arguments, type, and who may see it.
pub struct FieldRule {
    pub parent: &'static str,
    pub name: &'static str,
    pub arguments: &'static [&'static str],
    pub ty: &'static str,
    pub access: Access,
}

/// Who may see a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Anybody,
    Verified,
    Scope(&'static str),
}

use Access::{Anybody, Scope, Verified};

const READ: Access = Scope("users:read");
const PII: Access = Scope("users:read:pii");

const fn rule(
    parent: &'static str,
    name: &'static str,
    arguments: &'static [&'static str],
    ty: &'static str,
    access: Access,
) -> FieldRule {
    FieldRule { parent, name, arguments, ty, access }
}

/// Every field. Cursors of connectors are signed anew by each process, so they are not compared.
pub const FIELDS: &[FieldRule] = &[
    rule("Query", "me", &[], "User", Verified),
    rule("Query", "user", &["userId"], "User", READ),
    rule("Query", "users", &["first", "filter", "usersAfter"], "UserConnection!", READ),
    rule("Query", "product", &["productId"], "Product", Anybody),
    rule("Query", "productBySku", &["sku"], "Product", Anybody),
    rule("Query", "products", &["first", "productsAfter"], "ProductConnection!", Anybody),
    rule("Query", "categories", &[], "[Category!]!", Anybody),
    rule("Query", "order", &["orderId"], "Order", Verified),
    rule("Query", "latestReviews", &["first"], "[Review!]!", Anybody),
    rule("User", "id", &[], "ID!", Anybody),
    rule("User", "name", &[], "String!", Anybody),
    rule("User", "email", &[], "String", PII),
    rule("User", "phone", &[], "String", PII),
    rule("User", "status", &[], "UserStatus!", Anybody),
    rule("User", "createdAt", &[], "DateTime!", Anybody),
    rule("User", "marketingOptIn", &[], "Boolean!", Anybody),
    rule("User", "addresses", &[], "[Address!]!", PII),
    rule("User", "orders", &["first"], "OrderConnection!", Verified),
    rule("User", "reviews", &["first"], "[Review!]!", Anybody),
    rule("Address", "id", &[], "ID!", Anybody),
    rule("Address", "label", &[], "String", Anybody),
    rule("Address", "lines", &[], "[String!]!", Anybody),
    rule("Address", "city", &[], "String!", Anybody),
    rule("Address", "zip", &[], "String!", Anybody),
    rule("Address", "country", &[], "String!", Anybody),
    rule("Address", "isDefault", &[], "Boolean!", Anybody),
    rule("Order", "id", &[], "ID!", Anybody),
    rule("Order", "status", &[], "OrderStatus!", Anybody),
    rule("Order", "total", &[], "Money!", Anybody),
    rule("Order", "placedAt", &[], "DateTime!", Anybody),
    rule("Order", "customer", &[], "User!", Anybody),
    rule("Order", "lines", &[], "[OrderLine!]!", Anybody),
    rule("OrderLine", "product", &[], "Product!", Anybody),
    rule("OrderLine", "quantity", &[], "Int!", Anybody),
    rule("OrderLine", "unitPrice", &[], "Money!", Anybody),
    rule("Product", "id", &[], "ID!", Anybody),
    rule("Product", "sku", &[], "String!", Anybody),
    rule("Product", "name", &[], "String!", Anybody),
    rule("Product", "description", &[], "String", Anybody),
    rule("Product", "price", &[], "Money!", Anybody),
    rule("Product", "weightGrams", &[], "Int!", Anybody),
    rule("Product", "category", &[], "Category!", Anybody),
    rule("Product", "createdAt", &[], "DateTime!", Anybody),
    rule("Product", "stock", &[], "Stock", Anybody),
    rule("Product", "shippingQuote", &["zip"], "ShippingQuote", Anybody),
    rule("Product", "averageRating", &[], "Float", Anybody),
    rule("Product", "reviewCount", &[], "Int!", Anybody),
    rule("Product", "reviews", &["first"], "ReviewConnection!", Anybody),
    rule("Category", "id", &[], "ID!", Anybody),
    rule("Category", "name", &[], "String!", Anybody),
    rule("Category", "slug", &[], "String!", Anybody),
    rule("Category", "parent", &[], "Category", Anybody),
    rule("Category", "children", &[], "[Category!]!", Anybody),
    rule("Category", "products", &["first"], "[Product!]!", Anybody),
    rule("Money", "amount", &[], "Decimal!", Anybody),
    rule("Money", "currency", &[], "String!", Anybody),
    rule("Stock", "available", &[], "Int!", Anybody),
    rule("Stock", "onHand", &[], "Int!", Anybody),
    rule("Stock", "restockAt", &[], "DateTime", Anybody),
    rule("Stock", "locations", &[], "[StockLocation!]!", Anybody),
    rule("StockLocation", "warehouse", &[], "String!", Anybody),
    rule("StockLocation", "quantity", &[], "Int!", Anybody),
    rule("ShippingQuote", "price", &[], "Money!", Anybody),
    rule("ShippingQuote", "days", &[], "Int!", Anybody),
    rule("ShippingQuote", "service", &[], "ShippingService!", Anybody),
    rule("Review", "id", &[], "ID!", Anybody),
    rule("Review", "rating", &[], "Int!", Anybody),
    rule("Review", "title", &[], "String", Anybody),
    rule("Review", "body", &[], "String!", Anybody),
    rule("Review", "author", &[], "User!", Anybody),
    rule("Review", "product", &[], "Product!", Anybody),
    rule("Review", "createdAt", &[], "DateTime!", Anybody),
    rule("ReviewConnection", "edges", &[], "[ReviewEdge!]!", Anybody),
    rule("ReviewConnection", "pageInfo", &[], "PageInfo!", Anybody),
    rule("ReviewEdge", "cursor", &[], "String!", Anybody),
    rule("ReviewEdge", "node", &[], "Review!", Anybody),
    rule("ProductConnection", "edges", &[], "[ProductEdge!]!", Anybody),
    rule("ProductConnection", "pageInfo", &[], "PageInfo!", Anybody),
    rule("ProductEdge", "node", &[], "Product!", Anybody),
    rule("OrderConnection", "edges", &[], "[OrderEdge!]!", Anybody),
    rule("OrderConnection", "pageInfo", &[], "PageInfo!", Anybody),
    rule("OrderEdge", "node", &[], "Order!", Anybody),
    rule("UserConnection", "edges", &[], "[UserEdge!]!", Anybody),
    rule("UserConnection", "pageInfo", &[], "PageInfo!", Anybody),
    rule("UserConnection", "totalCount", &[], "Int!", Anybody),
    rule("UserEdge", "node", &[], "User!", Anybody),
    rule("PageInfo", "hasNextPage", &[], "Boolean!", Anybody),
    rule("PageInfo", "hasPreviousPage", &[], "Boolean!", Anybody),
];

/// The fields of a type.
pub fn fields_of(parent: &str) -> impl Iterator<Item = &'static FieldRule> {
    FIELDS.iter().filter(move |rule| rule.parent == parent)
}

pub fn field(parent: &str, name: &str) -> &'static FieldRule {
    fields_of(parent).find(|rule| rule.name == name).unwrap_or_else(|| panic!("no field {parent}.{name}"))
}

/// The name in a type reference.
pub fn named(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}

pub fn is_composite(ty: &str) -> bool {
    fields_of(named(ty)).next().is_some()
}
