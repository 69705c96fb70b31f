//! `@cacheTag(format:)`: on root fields of queries with their arguments in it (`{$args.id}`), on
//! entities with fields that every key has (`{$key.id}`).

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type, is_root};
use crate::graph::language::ast::{Selection, Value};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::keys::is_resolvable;

/// Checks every `@cacheTag`.
pub fn check(subgraph: &Subgraph, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for applied in ty.all(Federation::CacheTag) {
            on_entity(sources, ty, applied, diagnostics);
        }
        for field in ty.fields.values() {
            for applied in field.all(Federation::CacheTag) {
                on_field(subgraph, ty, field, applied, diagnostics);
            }
        }
    }
}

fn on_field(subgraph: &Subgraph, ty: &Type, field: &Field, applied: &Applied, diagnostics: &mut Vec<Diagnostic>) {
    let coordinate = format!("\"{}.{}\"", ty.name.value, field.name.value);
    if &*ty.name.value != "Query" {
        let message = format!("{coordinate} cannot have a cache tag: it is not a root field of queries");
        diagnostics.push(Diagnostic::error("CACHE_TAG_APPLIED_TO_NON_ROOT_FIELD", message).at(applied.directive.span));
        return;
    }
    let Some((value, variables)) = variables(applied, diagnostics) else { return };
    for variable in variables {
        let path: Vec<&str> = variable.split('.').collect();
        let known = match path.as_slice() {
            ["$args", argument, rest @ ..] => {
                let mut ty = field.arguments.get(*argument).map(|argument| &argument.ty);
                for part in rest {
                    ty = ty.and_then(|ty| Some(&subgraph.types.get(&ty.name().value)?.inputs.get(*part)?.ty));
                }
                ty.is_some_and(|ty| subgraph.types.get(&ty.name().value).is_none_or(|ty| ty.inputs.is_empty()))
            }
            _ => false,
        };
        if !known {
            let message = format!("\"{{{variable}}}\" is no argument of {coordinate} with a plain value");
            let finding = Diagnostic::error("CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ROOT_FIELD", message).at(value.span);
            diagnostics.push(finding.help("on a root field, tags are made of `{$args.…}`"));
        }
    }
}

fn on_entity(sources: &SourceMap, ty: &Type, applied: &Applied, diagnostics: &mut Vec<Diagnostic>) {
    let name = &ty.name.value;
    if is_root(name) || !ty.all(Federation::Key).any(is_resolvable) {
        let message = format!("\"{name}\" cannot have a cache tag: it has no resolvable key");
        diagnostics.push(Diagnostic::error("CACHE_TAG_ENTITY_NOT_RESOLVABLE", message).at(applied.directive.span));
        return;
    }
    let Some((value, variables)) = variables(applied, diagnostics) else { return };
    for variable in variables {
        let path: Vec<&str> = variable.split('.').collect();
        let in_all = match path.as_slice() {
            ["$key", path @ ..] if !path.is_empty() => {
                let mut keys = ty.all(Federation::Key).filter_map(|key| key.argument("fields"));
                keys.all(|key| field_set::read(sources, key).is_ok_and(|selections| selects(&selections, path)))
            }
            _ => false,
        };
        if !in_all {
            let message = format!("\"{{{variable}}}\" is not a field of every key of \"{name}\"");
            let finding = Diagnostic::error("CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ENTITY", message).at(value.span);
            diagnostics.push(finding.help("on an entity, tags are made of `{$key.…}`"));
        }
    }
}

/// What stands in braces; `None`, and an error, if the format cannot be read.
fn variables<'a>(applied: &'a Applied, diagnostics: &mut Vec<Diagnostic>) -> Option<(&'a Value, Vec<&'a str>)> {
    let value = applied.argument("format")?;
    let found = braced(value.as_str()?);
    if found.is_none() {
        let message = "a cache tag is text with paths in braces, such as \"user-{$args.id}\"";
        diagnostics.push(Diagnostic::error("CACHE_TAG_INVALID_FORMAT", message).at(value.span));
    }
    Some((value, found?))
}

fn braced(format: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}')?;
        let path = |part: &str| {
            let name = part.strip_prefix('$').unwrap_or(part);
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if before.contains('}') || !inside.starts_with('$') || !inside.split('.').all(path) {
            return None;
        }
        found.push(inside);
        rest = after;
    }
    (!rest.contains('}') && !format.is_empty()).then_some(found)
}

/// Whether a path leads to a leaf of the selections.
fn selects(selections: &[Selection], path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    selections.iter().any(|selection| match selection {
        Selection::Field(field) if &*field.name.value == *first => match &field.selections {
            None => rest.is_empty(),
            Some(inner) => selects(inner, rest),
        },
        Selection::InlineFragment { selections, .. } => selects(selections, path),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::braced;

    #[test]
    fn paths_stand_in_braces() {
        assert_eq!(braced("user-{$key.id}-{$args.a.b}"), Some(vec!["$key.id", "$args.a.b"]));
        assert_eq!(braced("users"), Some(vec![]));
        for bad in ["", "{", "}", "{id}", "{$key.}", "{{$key.id}}", "a}b{$key.id}"] {
            assert_eq!(braced(bad), None, "{bad}");
        }
    }
}
