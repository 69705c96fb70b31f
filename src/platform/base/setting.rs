//! What is wrong with a setting, and which one it is.

use std::fmt;

/// A mistake in the configuration: a setting, by its path, and a sentence about it. Whoever read the
/// configuration knows where the setting was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// From the root of the configuration.
    pub path: Vec<Step>,
    /// Stable and documented.
    pub code: &'static str,
    /// One sentence, without the path.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Into a section.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

// === impl Mistake ===

impl Mistake {
    /// A `CONFIG_INVALID` about the setting at `path`, such as `["http", "cors"]`.
    pub fn at(path: impl IntoIterator<Item = impl Into<Step>>, message: impl Into<String>) -> Self {
        let path = path.into_iter().map(Into::into).collect();
        Self { path, code: "CONFIG_INVALID", message: message.into(), help: None }
    }

    /// A `CONFIG_INVALID` about the whole of what is looked at; see [`Mistake::below`].
    pub fn here(message: impl Into<String>) -> Self {
        Self::at([] as [&str; 0], message)
    }

    /// The same, about something below the setting.
    pub fn then(mut self, step: impl Into<Step>) -> Self {
        self.path.push(step.into());
        self
    }

    /// The same, where this path starts at `above`.
    pub fn below(mut self, above: impl IntoIterator<Item = impl Into<Step>>) -> Self {
        self.path.splice(0..0, above.into_iter().map(Into::into));
        self
    }

    /// Sets the next step.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `auth.jwt.issuers[0]: it has neither keys nor jwks`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.path.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.message)
    }
}

// === impl Step ===

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<&String> for Step {
    fn from(key: &String) -> Self {
        Self::Key(key.clone())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_setting() {
        let mistake = Mistake::at(["keys"], "too short").then(1).then("secret").below(["auth", "jwt"]);
        assert_eq!(mistake.to_string(), "auth.jwt.keys[1].secret: too short");
    }
}
