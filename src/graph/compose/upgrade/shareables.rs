//! In federation 1 value types, and whatever else several subgraphs resolved, were shared without
//! a word. Federation 2 wants to be told.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::{Annotated, Field, is_root};
use crate::graph::language::ast::{Directive, TypeKind};
use crate::platform::base::Name;

use super::steps::Upgrade;

/// Entities and root types share what others resolve too; value types share everything.
pub(super) fn add(upgrade: &mut Upgrade<'_>) {
    let facts = upgrade.subgraph.facts.clone();
    let mut shared: Vec<(Name, Name)> = Vec::new();
    for ty in upgrade.subgraph.types.values().filter(|ty| ty.kind == TypeKind::Object) {
        let name = &ty.name.value;
        if &**name == "Subscription" {
            continue;
        }
        let elsewhere = upgrade.elsewhere(name);
        let by_field = ty.has(Federation::Key) || is_root(name);
        for field in ty.fields.keys().filter(|field| !facts.is_shareable(name, field)) {
            let resolved = elsewhere.iter().any(|(subgraph, other)| {
                !by_field || (other.fields.contains_key(field) && !subgraph.facts.is_fully_external(name, field))
            });
            if resolved {
                shared.push((name.clone(), field.clone()));
            }
        }
    }
    for (ty, field) in shared {
        if let Some(field) = upgrade.subgraph.types.get_mut(&ty).and_then(|ty| ty.fields.get_mut(&field)) {
            share(field);
        }
    }
}

fn share(field: &mut Field) {
    let directive =
        Directive { name: Federation::Shareable.name().into(), arguments: Vec::new(), span: field.name.span };
    field.applied.push(Applied { federation: Some(Federation::Shareable), of_extension: false, directive });
}
