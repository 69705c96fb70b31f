//! Which grammar a file's link chooses, and the variables each dialect knows.

/// The grammar of all mappings of one file, chosen by its `@link`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// Apollo's connect v0.1 and v0.2.
    V0_2,
    /// Apollo's connect v0.3: `?`, `??`, `?!`, lone keys in any position.
    V0_3,
    /// Apollo's connect v0.4: bare literals, spread, shorthand, commas.
    V0_4,
    /// Pleach's connect v0.1: the v0.4 grammar with more methods and variables.
    Pleach,
}

// === impl Dialect ===

impl Dialect {
    /// The dialect as documents name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_2 => "connect v0.2",
            Self::V0_3 => "connect v0.3",
            Self::V0_4 => "connect v0.4",
            Self::Pleach => "Pleach's connect v0.1",
        }
    }
}

/// Declares the built-in variables once: name, text, whether Pleach's own, and what it holds.
macro_rules! variables {
    ($($(#[$doc:meta])* $name:ident $text:literal $pleach:literal,)+) => {
        /// A built-in variable of the mapping language.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Variable {
            $($(#[$doc])* $name,)+
        }

        impl Variable {
            /// All of them, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The variable as written, with its `$`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whether only Pleach's dialect has it.
            pub fn is_pleach_only(self) -> bool {
                match self { $(Self::$name => $pleach,)+ }
            }
        }
    };
}

variables! {
    /// The field's arguments.
    Args "$args" false,
    /// Known fields of the parent object, or the key.
    This "$this" false,
    /// The list of parents or keys of a batched call.
    Batch "$batch" false,
    /// The source's settings.
    Config "$config" false,
    /// The process environment as read at start.
    Env "$env" false,
    /// Values set by plugins for one request.
    Context "$context" false,
    /// The client's request.
    Request "$request" false,
    /// The verified caller.
    Auth "$auth" true,
    /// The status of the answer.
    Status "$status" false,
    /// The answer's headers and errors.
    Response "$response" false,
    /// The page that was asked for.
    Page "$page" true,
    /// The message being handled.
    Message "$message" true,
    /// Earlier answers of a list of statements.
    Results "$results" true,
    /// The error a fallback replaces.
    Error "$error" true,
    /// The raw text of a webhook's body.
    Body "$body" true,
    /// The instant at which the operation started.
    Now "$now" true,
}

// === impl Variable ===

impl Variable {
    /// The variable written as `text`, `$` included.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variable| variable.as_str() == text)
    }

    /// Whether `dialect` knows it.
    pub fn is_in(self, dialect: Dialect) -> bool {
        !self.is_pleach_only() || dialect == Dialect::Pleach
    }
}
