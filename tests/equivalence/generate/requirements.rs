//! `@requires` and `@provides`: fields that another subgraph resolves.

use super::super::world::*;
use super::{Generator, is_opaque, plain};

// === impl Generator ===

impl Generator<'_, '_> {
    /// `@requires`: a new field whose value is made of others.
    pub(super) fn require(&mut self) {
        let mut places = Vec::new();
        for (sub, subgraph) in self.world.subgraphs.iter().enumerate() {
            for (&ty, local) in &subgraph.types {
                if local.keys.iter().any(|(_, resolvable)| *resolvable) {
                    places.push((sub, ty));
                }
            }
        }
        if places.is_empty() {
            return;
        }
        let (sub, ty) = *self.tape.pick(&places);
        let mut set = FieldSet::new();
        for _ in 0..self.tape.between(1, 2) {
            let names: Vec<String> = self.world.types[ty]
                .fields
                .iter()
                .filter(|field| !self.world.is_key_field(ty, &field.name) && self.may_be_external(sub, ty, &field.name))
                .filter(|field| set.iter().all(|known| known.name != field.name))
                .map(|field| field.name.clone())
                .collect();
            if names.is_empty() {
                break;
            }
            let name = self.tape.pick(&names).clone();
            if let Some(selected) = self.externalize(sub, ty, &name, 2, true) {
                set.push(selected);
            }
        }
        if set.is_empty() {
            return;
        }
        let count = self.world.types[ty].fields.iter().filter(|field| field.name.starts_with('r')).count();
        let mut field = plain(&format!("r{count}"), Named::String);
        field.ty.non_null = self.tape.chance(20);
        field.owners = vec![sub];
        field.requires = set.clone();
        self.world.types[ty].fields.push(field.clone());
        self.declare(sub, ty, &field.name);
        self.local(sub, ty, &field.name).requires = set;
    }

    pub(super) fn may_be_external(&self, sub: Sub, ty: TypeIndex, name: &str) -> bool {
        let local = self.world.subgraphs[sub].types.get(&ty).and_then(|local| local.fields.get(name));
        !self.world.resolving(ty, name).is_empty() && !is_opaque(name) && local.is_none_or(|local| local.external)
    }

    /// Selects a field that another subgraph resolves, declared as external here.
    pub(super) fn externalize(
        &mut self,
        sub: Sub,
        ty: TypeIndex,
        name: &str,
        depth: usize,
        arguments: bool,
    ) -> Option<Selected> {
        let field = self.world.field(ty, name)?.clone();
        if field.argument && !arguments {
            return None;
        }
        let below = match field.ty.named {
            named if named.is_leaf() => Vec::new(),
            Named::Object(_) | Named::Interface(_) | Named::Union(_) if depth > 0 => {
                self.need(sub, field.ty.named);
                let (target, on) = match field.ty.named {
                    Named::Interface(index) => {
                        let member = *self.tape.pick(&self.world.subgraphs[sub].interfaces.get(&index)?.0.clone());
                        (member, Some(member))
                    }
                    Named::Union(index) => {
                        let member = *self.tape.pick(&self.world.subgraphs[sub].unions.get(&index)?.clone());
                        (member, Some(member))
                    }
                    Named::Object(target) => (target, None),
                    _ => return None,
                };
                let fields = self.world.types[target].fields.clone();
                let names: Vec<&Field> = fields
                    .iter()
                    .filter(|field| !self.world.resolving(target, &field.name).is_empty() && !is_opaque(&field.name))
                    .filter(|field| field.ty.named.is_leaf() || depth > 1)
                    .collect();
                if names.is_empty() {
                    return None;
                }
                let chosen = (*self.tape.pick(&names)).clone();
                let known = self.world.subgraphs[sub].types[&target].fields.get(&chosen.name);
                if known.is_some_and(|known| known.overridden || !known.requires.is_empty()) {
                    return None;
                }
                match known.is_some_and(|known| !known.external) && chosen.ty.named.is_leaf() {
                    true => {
                        if chosen.argument && !arguments {
                            return None;
                        }
                        let argument = (chosen.argument && self.tape.chance(50)).then(|| self.tape.below(3) as i64);
                        vec![Selected { argument, on, ..Selected::leaf(&chosen.name) }]
                    }
                    false if known.is_some_and(|known| !known.external) => return None,
                    false => {
                        let selected = self.externalize(sub, target, &chosen.name, depth - 1, arguments)?;
                        vec![Selected { on, ..selected }]
                    }
                }
            }
            _ => return None,
        };
        let local = LocalField { external: true, ..LocalField::default() };
        let types = &mut self.world.subgraphs[sub].types;
        types.get_mut(&ty)?.fields.entry(name.into()).or_insert(local);
        let argument = (field.argument && self.tape.chance(50)).then(|| self.tape.below(3) as i64);
        Some(Selected { argument, below, ..Selected::leaf(name) })
    }

    /// `@provides`: on this path a subgraph resolves what is another's.
    pub(super) fn provide(&mut self) {
        let mut places = Vec::new();
        for (sub, subgraph) in self.world.subgraphs.iter().enumerate() {
            if !subgraph.opaque.is_empty() {
                continue;
            }
            for (&ty, local) in &subgraph.types {
                for (name, field) in &local.fields {
                    let Some(known) = self.world.field(ty, name) else { continue };
                    let resolves = !field.external && !field.overridden && field.overrides.is_none();
                    if resolves && !known.ty.named.is_leaf() && field.requires.is_empty() && field.provides.is_empty() {
                        places.push((sub, ty, name.clone(), known.ty.named));
                    }
                }
            }
        }
        if places.is_empty() {
            return;
        }
        let (sub, ty, name, named) = self.tape.pick(&places).clone();
        let (target, on) = match named {
            Named::Object(target) => (target, None),
            Named::Interface(index) => {
                let member = *self.tape.pick(&self.world.subgraphs[sub].interfaces[&index].0);
                (member, Some(member))
            }
            Named::Union(index) => {
                let member = *self.tape.pick(&self.world.subgraphs[sub].unions[&index]);
                (member, Some(member))
            }
            _ => return,
        };
        let names: Vec<String> = self.world.types[target]
            .fields
            .iter()
            .filter(|field| field.requires.is_empty() && !field.argument)
            .filter(|field| !self.world.is_key_field(target, &field.name))
            .filter(|field| self.may_be_external(sub, target, &field.name))
            .map(|field| field.name.clone())
            .collect();
        if names.is_empty() {
            return;
        }
        let name_below = self.tape.pick(&names).clone();
        if let Some(selected) = self.externalize_provided(sub, target, &name_below) {
            self.share(target, &vec![selected.clone()]);
            self.local(sub, ty, &name).provides = vec![Selected { on, ..selected }];
        }
    }

    /// What one subgraph provides, all others must declare as shareable.
    pub(super) fn share(&mut self, ty: TypeIndex, set: &FieldSet) {
        for selected in set {
            let ty = selected.on.unwrap_or(ty);
            for sub in self.world.resolving(ty, &selected.name) {
                self.local(sub, ty, &selected.name).shareable = true;
            }
            let target = match self.world.field(ty, &selected.name).map(|field| field.ty.named) {
                Some(Named::Object(target)) => target,
                // Below an abstract type each selection says its own.
                _ => ty,
            };
            self.share(target, &selected.below);
        }
    }

    /// As for requirements, but what is provided may not be made of other fields.
    pub(super) fn externalize_provided(&mut self, sub: Sub, ty: TypeIndex, name: &str) -> Option<Selected> {
        let before = self.world.clone();
        let selected = self.externalize(sub, ty, name, 1, false)?;
        let target = match self.world.field(ty, name).map(|field| field.ty.named) {
            Some(Named::Object(target)) => target,
            _ => ty,
        };
        let good = |one: &Selected| {
            let ty = one.on.unwrap_or(target);
            let made = self.world.field(ty, &one.name).is_none_or(|field| !field.requires.is_empty());
            // What an interface object resolves is not the type's to share.
            let resolving = self.world.resolving(ty, &one.name);
            let shareable = resolving.iter().all(|&sub| self.world.opaque(sub, ty).is_none());
            !made && shareable && self.world.local_field(sub, ty, &one.name).is_some_and(|local| local.external)
        };
        // Who provides a field knows all that it may be.
        let known = match self.world.field(ty, name).map(|field| field.ty.named) {
            Some(Named::Interface(index)) => {
                self.world.subgraphs[sub].interfaces.get(&index).map(|(members, _)| members)
            }
            Some(Named::Union(index)) => self.world.subgraphs[sub].unions.get(&index),
            _ => None,
        };
        let knows_all = known.is_none_or(|known| self.world.possible(ty, name).iter().all(|one| known.contains(one)));
        if !knows_all || !selected.below.iter().all(good) {
            self.world = before;
            return None;
        }
        Some(selected)
    }
}
