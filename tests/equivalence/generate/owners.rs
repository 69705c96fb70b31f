//! Who resolves which field, and what that takes.

use super::super::world::*;
use super::{Generator, Style, is_opaque, plain};

// === impl Generator ===

impl Generator<'_, '_> {
    /// Writes fields into the subgraphs that own them, with all that they lead to.
    pub(super) fn place(&mut self) {
        for ty in 0..self.world.types.len() {
            if self.is_value(ty) {
                continue;
            }
            for field in self.world.types[ty].fields.clone() {
                for &sub in &field.owners {
                    self.declare(sub, ty, &field.name);
                }
            }
        }
        for sub in 0..self.world.subgraphs.len() {
            if self.world.subgraphs[sub].types.is_empty() {
                let mut field = plain(&format!("p{sub}"), Named::String);
                field.owners = vec![sub];
                self.world.types[0].fields.push(field.clone());
                self.declare(sub, 0, &field.name);
            }
        }
    }

    /// The subgraph resolves this field.
    pub(super) fn declare(&mut self, sub: Sub, ty: TypeIndex, name: &str) {
        self.need_type(sub, ty);
        let field = self.world.field(ty, name).expect("a field of the world").clone();
        let shareable = field.owners.len() > 1 || self.is_value(ty);
        let local = LocalField { shareable, ..LocalField::default() };
        self.world.subgraphs[sub].types.get_mut(&ty).expect("present").fields.entry(name.into()).or_insert(local);
        self.need(sub, field.ty.named);
    }

    pub(super) fn need(&mut self, sub: Sub, named: Named) {
        match named {
            Named::Object(ty) => self.need_type(sub, ty),
            Named::Interface(index) if !self.world.subgraphs[sub].interfaces.contains_key(&index) => {
                let members = self.world.interfaces[index].members.clone();
                let members = self.some_members(&members);
                self.world.subgraphs[sub].interfaces.insert(index, (members.clone(), Vec::new()));
                for ty in members {
                    self.need_type(sub, ty);
                    self.resolve_key_field(sub, ty, "id");
                }
            }
            Named::Union(index) if !self.world.subgraphs[sub].unions.contains_key(&index) => {
                let members = self.world.unions[index].members.clone();
                let members = self.some_members(&members);
                self.world.subgraphs[sub].unions.insert(index, members.clone());
                members.into_iter().for_each(|ty| self.need_type(sub, ty));
            }
            _ => {}
        }
    }

    /// Mostly with the first: shared fields must have a type in common.
    pub(super) fn some_members(&mut self, all: &[TypeIndex]) -> Vec<TypeIndex> {
        let always = if self.tape.chance(15) { None } else { all.first().copied() };
        let some = self.tape.some(all, 60);
        all.iter().copied().filter(|member| some.contains(member) || always == Some(*member)).collect()
    }

    pub(super) fn need_type(&mut self, sub: Sub, ty: TypeIndex) {
        if self.world.subgraphs[sub].types.contains_key(&ty) {
            return;
        }
        self.world.subgraphs[sub].types.insert(ty, LocalType::default());
        if self.is_value(ty) {
            let names: Vec<String> = self.world.types[ty].fields.iter().map(|field| field.name.clone()).collect();
            let names = if self.spread.contains(&ty) { self.tape.some(&names, 50) } else { names };
            names.iter().for_each(|name| self.declare(sub, ty, name));
            return;
        }
        let all = self.world.types[ty].keys.clone();
        let keys = match self.style {
            _ if all.is_empty() => return,
            Style::Sound => {
                let rest = self.tape.below(2) * (all.len() - 1);
                all[..1 + rest].to_vec()
            }
            Style::Wild if !self.tape.chance(30) => all[..1].to_vec(),
            Style::Wild => self.tape.some(&all, 40),
        };
        for key in keys {
            key.iter().for_each(|selected| self.resolve_key_field(sub, ty, &selected.name));
            let resolvable = self.style == Style::Sound || !self.tape.chance(5);
            self.world.subgraphs[sub].types.get_mut(&ty).expect("present").keys.push((key, resolvable));
        }
    }

    /// The subgraph knows a field that may be a key elsewhere.
    pub(super) fn resolve_key_field(&mut self, sub: Sub, ty: TypeIndex, name: &str) {
        let local = LocalField { shareable: true, ..LocalField::default() };
        self.world.subgraphs[sub].types.get_mut(&ty).expect("present").fields.entry(name.into()).or_insert(local);
        let field = self.field_mut(ty, name);
        if !field.owners.contains(&sub) {
            field.owners.push(sub);
        }
        let named = field.ty.named;
        self.need(sub, named);
    }

    /// A place of a field that one subgraph alone resolves, outside keys and requirements.
    pub(super) fn pick_exclusive(&mut self) -> Option<(TypeIndex, String, Sub)> {
        let mut all = Vec::new();
        for (ty, object) in self.world.types.iter().enumerate() {
            for field in &object.fields {
                let plain = field.requires.is_empty() && !self.world.is_key_field(ty, &field.name);
                let plain = plain && !is_opaque(&field.name);
                if let ([owner], true, false) = (&field.owners[..], plain, self.is_value(ty)) {
                    all.push((ty, field.name.clone(), *owner));
                }
            }
        }
        (!all.is_empty()).then(|| self.tape.pick(&all).clone())
    }

    pub(super) fn other_subgraph(&mut self, ty: TypeIndex, name: &str) -> Option<Sub> {
        let knows = |sub: &Sub| {
            let local = self.world.subgraphs[*sub].types.get(&ty);
            let absent = local.is_some_and(|local| local.fields.get(name).is_none_or(|field| field.external));
            (absent || ty == 0) && self.world.subgraphs[*sub].opaque.is_empty()
        };
        let all: Vec<Sub> = (0..self.world.subgraphs.len()).filter(knows).collect();
        (!all.is_empty()).then(|| *self.tape.pick(&all))
    }

    pub(super) fn field_mut(&mut self, ty: TypeIndex, name: &str) -> &mut Field {
        self.world.types[ty].fields.iter_mut().find(|field| field.name == name).expect("a field")
    }

    pub(super) fn local(&mut self, sub: Sub, ty: TypeIndex, name: &str) -> &mut LocalField {
        let types = &mut self.world.subgraphs[sub].types;
        types.get_mut(&ty).and_then(|local| local.fields.get_mut(name)).expect("a local field")
    }

    pub(super) fn resolving(&self, ty: TypeIndex, name: &str) -> Vec<Sub> {
        self.world.resolving(ty, name)
    }
}
