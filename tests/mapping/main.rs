//! The mapping language by example and by property.

mod cases;
mod page;
mod properties;
