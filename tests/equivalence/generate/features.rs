//! `@override`, `@interfaceObject`, `@fromContext`, and fields that are nullable in one subgraph only.

use super::super::world::*;
use super::{Generator, plain};

// === impl Generator ===

impl Generator<'_, '_> {
    /// `@override`: a field moves to another subgraph.
    pub(super) fn move_field(&mut self) {
        let Some((ty, name, from)) = self.pick_exclusive() else { return };
        let Some(to) = self.other_subgraph(ty, &name) else { return };
        if self.world.subgraphs[to].types.get(&ty).is_some_and(|local| local.fields.contains_key(&name)) {
            return;
        }
        if self.world.subgraphs[from].types[&ty].fields[&name].overrides.is_some() {
            return;
        }
        self.field_mut(ty, &name).owners = vec![to];
        self.declare(to, ty, &name);
        self.local(to, ty, &name).overrides = Some(from);
        self.local(from, ty, &name).overridden = true;
    }

    /// `@interfaceObject`: one more subgraph, for which all objects of an interface are of one type.
    pub(super) fn interface_object(&mut self) {
        if self.world.interfaces.is_empty() || !self.tape.chance(35) {
            return;
        }
        let index = self.tape.below(self.world.interfaces.len());
        let members = self.world.interfaces[index].members.clone();
        let whole = self.tape.below(self.world.subgraphs.len());
        for &ty in &members {
            self.need_type(whole, ty);
            self.resolve_key_field(whole, ty, "id");
            let local = self.world.subgraphs[whole].types.get_mut(&ty).expect("present");
            local.keys.retain(|(key, _)| *key != [Selected::leaf("id")]);
            local.keys.push((vec![Selected::leaf("id")], true));
        }
        self.world.subgraphs[whole].interfaces.insert(index, (members.clone(), Vec::new()));
        self.world.subgraphs[whole].keyed.insert(index);
        let sub = self.world.subgraphs.len();
        let mut opaque = LocalType { keys: vec![(vec![Selected::leaf("id")], true)], ..LocalType::default() };
        opaque.fields.insert("id".into(), LocalField { shareable: true, ..LocalField::default() });
        for nth in 0..self.tape.between(1, 3) {
            let mut field = self.field(&format!("w{nth}"), 100);
            if self.tape.chance(30) {
                field.ty.named = Named::Interface(index);
                field.argument = false;
            }
            let mut local = LocalField::default();
            let required = self.contracts[index].iter().find(|name| {
                let leaf = self.world.field(members[0], name).is_some_and(|field| field.ty.named.is_leaf());
                let resolved =
                    members.iter().all(|ty| self.world.subgraphs[whole].types[ty].fields.contains_key(*name));
                leaf && resolved
            });
            if let Some(required) = required.cloned()
                && self.tape.chance(40)
            {
                field.ty = Ty::of(Named::String, false);
                field.argument = false;
                field.requires = vec![Selected::leaf(&required)];
                local.requires = field.requires.clone();
                opaque.fields.insert(required, LocalField { external: true, ..LocalField::default() });
            }
            field.owners = vec![sub];
            for &ty in &members {
                self.world.types[ty].fields.push(field.clone());
            }
            opaque.fields.insert(field.name.clone(), local);
        }
        self.world.subgraphs.push(Subgraph::default());
        self.world.subgraphs[sub].opaque.insert(index, opaque);
        let mut field = self.field("o0", 100);
        field.ty.named = Named::Interface(index);
        field.argument = false;
        field.owners = vec![sub];
        self.world.types[0].fields.push(field);
        let query = LocalType { fields: [("o0".to_owned(), LocalField::default())].into(), ..LocalType::default() };
        self.world.subgraphs[sub].types.insert(0, query);
    }

    /// `@fromContext`: a new field that repeats what an object above it has. The root sets the context,
    /// so that it is set on every way.
    pub(super) fn fill_argument(&mut self, nth: usize) {
        let mut places = Vec::new();
        for (sub, subgraph) in self.world.subgraphs.iter().enumerate().filter(|(_, sub)| sub.opaque.is_empty()) {
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
        let entities: Vec<TypeIndex> =
            self.entities().into_iter().filter(|ty| self.world.subgraphs[sub].types.contains_key(ty)).collect();
        let mut setters = self.tape.some(&entities, 50);
        setters.push(0);
        let value = format!("g{nth}");
        for &setter in &setters {
            let others = (0..self.world.subgraphs.len()).filter(|&other| {
                let there = &self.world.subgraphs[other];
                there.opaque.is_empty() && there.types.contains_key(&setter)
            });
            let others: Vec<Sub> = others.collect();
            let owner = if setter == 0 { sub } else { *self.tape.pick(&others) };
            let mut field = plain(&value, Named::String);
            field.ty.non_null = self.tape.chance(30);
            field.owners = vec![owner];
            self.world.types[setter].fields.push(field);
            self.declare(owner, setter, &value);
            if owner != sub {
                let local = LocalField { external: true, ..LocalField::default() };
                self.world.subgraphs[sub].types.get_mut(&setter).expect("present").fields.insert(value.clone(), local);
            }
        }
        let mut field = plain(&format!("f{nth}"), Named::String);
        field.ty.non_null = self.tape.chance(20);
        field.owners = vec![sub];
        field.context = setters.into_iter().map(|setter| (setter, value.clone())).collect();
        self.world.types[ty].fields.push(field.clone());
        self.declare(sub, ty, &field.name);
    }

    /// Some shared fields are nullable in one subgraph only.
    pub(super) fn loosen(&mut self) {
        for ty in 0..self.world.types.len() {
            for at in 0..self.world.types[ty].fields.len() {
                let field = &self.world.types[ty].fields[at];
                let name = field.name.clone();
                let in_contract = self.contracts.iter().flatten().any(|known| *known == name);
                let resolving: Vec<Sub> = self.resolving(ty, &name);
                let declared =
                    |sub: &Subgraph| sub.types.get(&ty).is_some_and(|local| local.fields.contains_key(&name));
                let count = self.world.subgraphs.iter().filter(|sub| declared(sub)).count();
                let key = self.world.is_key_field(ty, &name);
                if resolving.len() > 1
                    && count == resolving.len()
                    && field.ty.is_non_null()
                    && !in_contract
                    && !key
                    && self.tape.chance(50)
                {
                    let sub = *self.tape.pick(&resolving);
                    self.world.types[ty].fields[at].looser_in = Some(sub);
                }
            }
        }
    }
}
