//! Operations to try.

/// An operation, and what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Showcase {
    /// A sentence for the reader.
    pub about: &'static str,
    /// The operation, on one line so that it fits into a command.
    pub query: &'static str,
    /// Whether it needs a caller.
    pub signed_in: bool,
}

/// Three operations: the first touches four systems, the second all five, the third writes.
pub const SHOWCASES: [Showcase; 3] = [
    Showcase {
        about: "Twenty products with their stock and their reviews' authors: four systems, no token",
        query: "{ products(first: 20) { edges { node { name price { amount currency } stock { available } \
                averageRating reviews(first: 2) { edges { node { rating body author { name } } } } } } } }",
        signed_in: false,
    },
    Showcase {
        about: "The same, and the caller's own orders: all five systems",
        query: "{ me { name email orders(first: 3) { edges { node { placedAt status total { amount } \
                lines { quantity product { name stock { available } } } } } } } \
                products(first: 25) { edges { node { name stock { available } \
                reviews(first: 2) { edges { node { rating author { name } } } } } } } }",
        signed_in: true,
    },
    Showcase {
        about: "An order: two tables, one transaction",
        query: "mutation { placeOrder(input: { clientRef: \"try-1\", currency: \"EUR\", lines: [\
                { productId: \"7a1c0000-0000-4000-8000-000000000001\", quantity: 2 }] }) \
                { id status total { amount currency } lines { quantity product { name } } } }",
        signed_in: true,
    },
];
