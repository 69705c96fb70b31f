//! Selections as text without a byte too many, as subgraphs are sent them.

use std::fmt::Write as _;

use super::ast::{Argument, Directive, Field, Selection};

/// `{…}`
pub fn selection_set(out: &mut String, selections: &[Selection]) {
    out.push('{');
    for (index, selection) in selections.iter().enumerate() {
        out.push_str(if index > 0 { " " } else { "" });
        match selection {
            Selection::Field(field) => {
                name(out, field);
                arguments(out, &field.arguments);
                tail(out, field);
            }
            Selection::FragmentSpread { name, directives: applied } => {
                let _ = write!(out, "...{}", name.value);
                directives(out, applied);
            }
            Selection::InlineFragment { on, directives: applied, selections, .. } => {
                out.push_str("...");
                if let Some(on) = on {
                    let _ = write!(out, "on {}", on.value);
                }
                directives(out, applied);
                selection_set(out, selections);
            }
        }
    }
    out.push('}');
}

/// `alias:name`
pub fn name(out: &mut String, field: &Field) {
    if let Some(alias) = &field.alias {
        let _ = write!(out, "{alias}:");
    }
    out.push_str(&field.name.value);
}

/// `(a:1,b:2)`; nothing without arguments.
pub fn arguments(out: &mut String, arguments: &[Argument]) {
    // Writing to a string cannot fail.
    for (index, argument) in arguments.iter().enumerate() {
        let before = if index == 0 { "(" } else { "," };
        let _ = write!(out, "{before}{}:{}", argument.name.value, argument.value.to_input());
    }
    out.push_str(if arguments.is_empty() { "" } else { ")" });
}

/// What stands after a field's arguments: `@d{…}`.
pub fn tail(out: &mut String, field: &Field) {
    directives(out, &field.directives);
    if let Some(selections) = &field.selections {
        selection_set(out, selections);
    }
}

fn directives(out: &mut String, directives: &[Directive]) {
    for directive in directives {
        let _ = write!(out, "@{}", directive.name);
        arguments(out, &directive.arguments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::language::parse;

    #[test]
    fn what_is_minified_stays_as_it_is() {
        let text = "{a:b(c:$d,e:[1, \"x\"])@include(if:$f){g ...on H{i}} ...@skip(if:true){j} ...K}";
        let parsed = parse::executable_text(text).unwrap();
        let mut printed = String::new();
        selection_set(&mut printed, &parsed.operations[0].selections);
        assert_eq!(printed, text);
    }
}
