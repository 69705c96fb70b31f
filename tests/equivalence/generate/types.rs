//! Types and their fields.

use super::super::world::*;
use super::{Generator, PARTS, Style, plain};

// === impl Generator ===

impl Generator<'_, '_> {
    pub(super) fn types(&mut self) {
        self.world.subgraphs = vec![Subgraph::default(); self.tape.between(2, 4)];
        let object = |name: &str| Object { name: name.into(), fields: Vec::new(), keys: Vec::new() };
        self.world.types.push(object("Query"));
        let mut parts = object("Va");
        parts.fields.push(plain("part", Named::Int));
        self.world.types.push(parts);
        for name in &["Ta", "Tb", "Tc", "Td"][..self.tape.between(1, 4)] {
            let mut entity = object(name);
            entity.keys.push(vec![Selected::leaf("id")]);
            entity.fields.push(plain("id", Named::Id));
            if self.tape.chance(40) {
                entity.keys.push(vec![Selected::leaf("k")]);
                entity.fields.push(plain("k", Named::String));
            }
            if self.tape.chance(15) {
                entity.keys.push(vec![Selected { below: vec![Selected::leaf("part")], ..Selected::leaf("n") }]);
                entity.fields.push(plain("n", Named::Object(PARTS)));
            }
            if self.tape.chance(25) {
                entity.keys.push(vec![entity.keys[entity.keys.len() - 1][0].clone(), Selected::leaf("m")]);
                entity.fields.push(plain("m", Named::Int));
            }
            self.world.types.push(entity);
        }
        for name in &["Vb", "Vc"][..self.tape.below(3)] {
            if self.style == Style::Wild && self.tape.chance(30) {
                self.spread.push(self.world.types.len());
            }
            self.world.types.push(object(name));
        }
        let entities = self.entities();
        for name in &["Ia", "Ib"][..self.tape.below(3)] {
            let members = self.tape.some(&entities, 60);
            self.world.interfaces.push(Abstract { name: (*name).into(), members });
        }
        if self.tape.chance(40) {
            let all: Vec<TypeIndex> = (1..self.world.types.len()).collect();
            let members = self.tape.some(&all, 60);
            self.world.unions.push(Abstract { name: "Ua".into(), members });
        }
    }

    pub(super) fn entities(&self) -> Vec<TypeIndex> {
        (1..self.world.types.len()).filter(|&ty| self.world.types[ty].name.starts_with('T')).collect()
    }

    pub(super) fn is_value(&self, ty: TypeIndex) -> bool {
        self.world.types[ty].name.starts_with('V')
    }

    pub(super) fn fields(&mut self) {
        for index in 0..self.world.interfaces.len() {
            let count = self.tape.below(3);
            let mut names = Vec::new();
            for nth in 0..count {
                let field = self.field(&format!("{}{nth}", ["x", "y"][index]), 60);
                for ty in self.world.interfaces[index].members.clone() {
                    let owners = self.owners(field.ty.named);
                    self.world.types[ty].fields.push(Field { owners, ..field.clone() });
                }
                names.push(field.name);
            }
            self.contracts.push(names);
        }
        for ty in 2..self.world.types.len() {
            for name in &["a", "b", "c", "d", "e"][..self.tape.between(1, 5)] {
                let mut field = self.field(name, 60);
                field.owners = self.owners(field.ty.named);
                field.inaccessible = !self.is_value(ty) && self.tape.chance(8);
                self.world.types[ty].fields.push(field);
            }
        }
        for nth in 0..self.tape.between(1, 5) {
            let mut field = self.field(&format!("q{nth}"), 8);
            field.owners = self.owners(field.ty.named);
            self.world.types[0].fields.push(field);
        }
    }

    /// A field without owners; so many of a hundred are leaves.
    pub(super) fn field(&mut self, name: &str, leaves: usize) -> Field {
        let named = self.named(leaves);
        let lists = match self.tape.below(20) {
            0..14 => Vec::new(),
            14..19 => vec![self.tape.chance(30)],
            _ => vec![self.tape.chance(30), self.tape.chance(30)],
        };
        let ty = Ty { lists, non_null: self.tape.chance(30), named };
        let takes = matches!(named, Named::String | Named::Object(_)) && ty.lists.is_empty();
        let argument = takes && self.tape.chance(25);
        Field { ty, argument, ..plain(name, named) }
    }

    pub(super) fn named(&mut self, leaves: usize) -> Named {
        if !self.tape.chance(100 - leaves) {
            return *self.tape.pick(&[Named::String, Named::Int, Named::Boolean, Named::Enum, Named::Float, Named::Id]);
        }
        let objects = self.world.types.len() - 1;
        match self.tape.below(12) {
            6..9 if !self.world.interfaces.is_empty() => Named::Interface(self.tape.below(self.world.interfaces.len())),
            9..12 if !self.world.unions.is_empty() => Named::Union(0),
            _ => Named::Object(1 + self.tape.below(objects)),
        }
    }

    pub(super) fn owners(&mut self, _: Named) -> Vec<Sub> {
        let count = self.world.subgraphs.len();
        let first = self.tape.below(count);
        let share = self.tape.chance(20);
        (0..count).filter(|&sub| sub == first || (share && self.tape.chance(50))).collect()
    }
}
