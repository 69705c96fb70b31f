//! What a method is: one entry of the list.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::Call;
use crate::graph::mapping::dialect::Dialect;
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::Shape;

/// A method of the mapping language.
pub(in crate::graph::mapping) struct Method {
    pub name: &'static str,
    pub availability: Availability,
    /// The kinds of input it is defined for; any other is a problem and yields nothing.
    pub input: Kinds,
    pub arity: Arity,
    /// The kinds its arguments may have, the last one for all further arguments too.
    pub arguments: &'static [Kinds],
    /// What `@` means inside its arguments.
    pub at: At,
    /// Where its result comes from.
    pub flow: Flow,
    /// The static shape of its result, by those of its input and arguments.
    pub shape: fn(&Shape, &[Shape]) -> Shape,
    /// Runs it on an input of the right kind with a possible number of arguments.
    pub run: for<'c, 'v> fn(&mut Call<'c, 'v>) -> Option<Cow<'v, Value>>,
}

// === impl Method ===

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Which dialects have a method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::graph::mapping) enum Availability {
    /// All of them.
    Everywhere,
    /// Only Pleach's.
    Pleach,
}

// === impl Availability ===

impl Availability {
    pub fn is_in(self, dialect: Dialect) -> bool {
        self == Self::Everywhere || dialect == Dialect::Pleach
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everywhere => "all dialects",
            Self::Pleach => Dialect::Pleach.as_str(),
        }
    }
}

/// How many arguments a method takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::graph::mapping) struct Arity {
    pub least: usize,
    /// None when there is no bound.
    pub most: Option<usize>,
}

// === impl Arity ===

impl Arity {
    pub const NONE: Self = Self::exactly(0);
    pub const ONE: Self = Self::exactly(1);
    pub const OPTIONAL: Self = Self::between(0, 1);
    pub const SOME: Self = Self { least: 1, most: None };

    pub const fn exactly(count: usize) -> Self {
        Self::between(count, count)
    }

    pub const fn between(least: usize, most: usize) -> Self {
        Self { least, most: Some(most) }
    }

    /// What the method takes, in words, unless `count` is possible.
    pub fn mistake(self, count: usize) -> Option<String> {
        if count >= self.least && self.most.is_none_or(|most| count <= most) {
            return None;
        }
        let plural = |count: usize| if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") };
        let wanted = match self.most {
            Some(0) => "no arguments".to_owned(),
            Some(most) if most == self.least => plural(most),
            Some(most) => format!("{} to {}", self.least, plural(most)),
            None => format!("at least {}", plural(self.least)),
        };
        Some(format!("{wanted}, not {count}"))
    }
}

/// What `@` means inside the arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::graph::mapping) enum At {
    /// The method's input.
    Input,
    /// Each element of an array, or the input when it is none.
    Element,
}

/// Where a result comes from, for telling which parts of a variable a mapping reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::graph::mapping) enum Flow {
    /// The input is read and something new is made of it.
    Reads,
    /// The result is the input, or elements of it, as they are.
    Keeps,
    /// The result is that of the argument.
    Gives,
    /// The result is that of the second elements of the arguments; the input is compared.
    Pairs,
}
