//! The methods of the mapping language: one list, a family a file.

mod call;
mod compare;
mod control;
mod date;
mod elements;
mod equal;
mod json;
mod lists;
mod logic;
mod math;
mod method;
mod objects;
mod text;

pub(super) use call::Call;
pub(super) use equal::EqualityKey;
pub(super) use method::{Arity, At, Availability, Flow, Method};
pub(super) use text::scalar_text;

use super::dialect::Dialect;

/// All methods, in the order of the reference.
pub(super) static METHODS: &[Method] = &[
    control::AS,
    control::ECHO,
    control::MAP,
    control::FILTER,
    control::FIND,
    control::MATCH,
    control::MATCH_IF,
    elements::FIRST,
    elements::LAST,
    elements::GET,
    elements::SLICE,
    elements::SIZE,
    elements::HAS,
    objects::ENTRIES,
    objects::FROM_ENTRIES,
    objects::KEYS,
    objects::VALUES,
    json::STRINGIFY,
    json::PARSE,
    json::TYPE_OF,
    text::JOIN_NOT_NULL,
    text::TO_STRING,
    text::SPLIT,
    text::TRIM,
    text::TRIM_START,
    text::TRIM_END,
    text::LOWER,
    text::UPPER,
    text::REPLACE,
    text::STARTS_WITH,
    text::ENDS_WITH,
    text::BASE64,
    text::UNBASE64,
    compare::EQ,
    compare::NE,
    compare::LT,
    compare::LTE,
    compare::GT,
    compare::GTE,
    compare::IN,
    compare::CONTAINS,
    logic::AND,
    logic::OR,
    logic::NOT,
    math::ADD,
    math::SUB,
    math::MUL,
    math::DIV,
    math::MOD,
    math::PARSE_INT,
    math::PARSE_FLOAT,
    math::ROUND,
    math::SUM,
    lists::FLATTEN,
    lists::DISTINCT,
    lists::SORT_BY,
    lists::GROUP_BY,
    date::FORMAT_DATE,
    date::PARSE_DATE,
];

/// The method called `name`, in whatever dialect.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// The names of the methods that `dialect` has, in the order of the reference.
pub fn method_names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    METHODS.iter().filter(move |method| method.availability.is_in(dialect)).map(|method| method.name)
}
