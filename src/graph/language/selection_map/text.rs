//! Selection maps as text.

use std::fmt::{self, Display, Formatter};

use super::{Below, ListItem, ObjectField, Path, Selected, SelectionMap, Step};

impl Display for SelectionMap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, alternative) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            alternative.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Selected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(fields) => object(f, fields),
            Self::Path { path, below } => {
                path.fmt(f)?;
                match below {
                    None => Ok(()),
                    Some(Below::Object(fields)) => {
                        f.write_str(".")?;
                        object(f, fields)
                    }
                    Some(Below::List(item)) => item.fmt(f),
                }
            }
        }
    }
}

impl Display for ListItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(map) => write!(f, "[{map}]"),
            Self::List(item) => write!(f, "[{item}]"),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(on) = &self.on {
            write!(f, "<{}>.", on.value)?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            write!(f, "{}{step}", if index > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field.value)?;
        for (index, argument) in self.arguments.iter().enumerate() {
            let before = if index == 0 { "(" } else { ", " };
            write!(f, "{before}{}: {}", argument.name.value, argument.value.to_input())?;
        }
        if !self.arguments.is_empty() {
            f.write_str(")")?;
        }
        match &self.on {
            Some(on) => write!(f, "<{}>", on.value),
            None => Ok(()),
        }
    }
}

fn object(f: &mut Formatter<'_>, fields: &[ObjectField]) -> fmt::Result {
    let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name.value, field.value)).collect();
    write!(f, "{{ {} }}", fields.join(", "))
}
