//! A tag on an external field repeats one on the field itself.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::Annotated;
use crate::platform::base::Name;

use super::steps::Upgrade;

/// Tags of external fields go, if a subgraph that resolves the field has them.
pub(super) fn drop_on_externals(upgrade: &mut Upgrade<'_>) {
    let facts = upgrade.facts();
    let mut repeated: Vec<(Name, Name, Name)> = Vec::new();
    for ty in upgrade.subgraph.types.values() {
        for field in ty.fields.values().filter(|field| facts.is_external(&ty.name.value, &field.name.value)) {
            for tag in field.all(Federation::Tag).filter_map(|tag| tag.text("name")) {
                let known = upgrade.elsewhere(&ty.name.value).into_iter().any(|(subgraph, other)| {
                    let other = other.fields.get(&field.name.value);
                    other.is_some_and(|other| {
                        !subgraph.facts.is_external(&ty.name.value, &field.name.value)
                            && other.all(Federation::Tag).any(|own| own.text("name").as_ref() == Some(&tag))
                    })
                });
                if known {
                    repeated.push((ty.name.value.clone(), field.name.value.clone(), tag));
                }
            }
        }
    }
    for (ty, field, tag) in repeated {
        if let Some(field) = upgrade.subgraph.types.get_mut(&ty).and_then(|ty| ty.fields.get_mut(&field)) {
            field.applied.retain(|applied| {
                applied.federation != Some(Federation::Tag) || applied.text("name").as_ref() != Some(&tag)
            });
        }
    }
}
