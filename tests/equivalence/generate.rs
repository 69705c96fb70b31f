//! Draws a world: types first, then who resolves which field, then what that takes.

use super::tape::Tape;
use super::world::*;

/// How a world is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Every entity can be entered everywhere by its first key and values are whole: such a world
    /// always composes.
    Sound,
    /// Keys differ from subgraph to subgraph; not all such worlds compose.
    Wild,
}

struct Generator<'t, 'n> {
    tape: &'t mut Tape<'n>,
    style: Style,
    world: World,
    /// The fields each interface asks of its members.
    contracts: Vec<Vec<String>>,
    /// Value types whose fields are spread over subgraphs.
    spread: Vec<TypeIndex>,
}

/// Draws a world without data.
pub fn world(tape: &mut Tape<'_>, style: Style) -> World {
    let mut generator = Generator { tape, style, world: World::default(), contracts: Vec::new(), spread: Vec::new() };
    generator.types();
    generator.fields();
    generator.place();
    generator.interface_object();
    for _ in 0..generator.tape.below(3) {
        generator.move_field();
    }
    for _ in 0..generator.tape.below(4) {
        generator.require();
    }
    for _ in 0..generator.tape.below(3) {
        generator.provide();
    }
    for nth in 0..generator.tape.below(3) {
        generator.fill_argument(nth);
    }
    generator.loosen();
    generator.finish();
    generator.world
}

// === impl Generator ===

impl Generator<'_, '_> {
    fn types(&mut self) {
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

    fn entities(&self) -> Vec<TypeIndex> {
        (1..self.world.types.len()).filter(|&ty| self.world.types[ty].name.starts_with('T')).collect()
    }

    fn is_value(&self, ty: TypeIndex) -> bool {
        self.world.types[ty].name.starts_with('V')
    }

    fn fields(&mut self) {
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
    fn field(&mut self, name: &str, leaves: usize) -> Field {
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

    fn named(&mut self, leaves: usize) -> Named {
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

    fn owners(&mut self, _: Named) -> Vec<Sub> {
        let count = self.world.subgraphs.len();
        let first = self.tape.below(count);
        let share = self.tape.chance(20);
        (0..count).filter(|&sub| sub == first || (share && self.tape.chance(50))).collect()
    }

    /// Writes fields into the subgraphs that own them, with all that they lead to.
    fn place(&mut self) {
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
    fn declare(&mut self, sub: Sub, ty: TypeIndex, name: &str) {
        self.need_type(sub, ty);
        let field = self.world.field(ty, name).expect("a field of the world").clone();
        let shareable = field.owners.len() > 1 || self.is_value(ty);
        let local = LocalField { shareable, ..LocalField::default() };
        self.world.subgraphs[sub].types.get_mut(&ty).expect("present").fields.entry(name.into()).or_insert(local);
        self.need(sub, field.ty.named);
    }

    fn need(&mut self, sub: Sub, named: Named) {
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
    fn some_members(&mut self, all: &[TypeIndex]) -> Vec<TypeIndex> {
        let always = if self.tape.chance(15) { None } else { all.first().copied() };
        let some = self.tape.some(all, 60);
        all.iter().copied().filter(|member| some.contains(member) || always == Some(*member)).collect()
    }

    fn need_type(&mut self, sub: Sub, ty: TypeIndex) {
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
    fn resolve_key_field(&mut self, sub: Sub, ty: TypeIndex, name: &str) {
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
    fn pick_exclusive(&mut self) -> Option<(TypeIndex, String, Sub)> {
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

    fn other_subgraph(&mut self, ty: TypeIndex, name: &str) -> Option<Sub> {
        let knows = |sub: &Sub| {
            let local = self.world.subgraphs[*sub].types.get(&ty);
            let absent = local.is_some_and(|local| local.fields.get(name).is_none_or(|field| field.external));
            (absent || ty == 0) && self.world.subgraphs[*sub].opaque.is_empty()
        };
        let all: Vec<Sub> = (0..self.world.subgraphs.len()).filter(knows).collect();
        (!all.is_empty()).then(|| *self.tape.pick(&all))
    }

    /// `@override`: a field moves to another subgraph.
    fn move_field(&mut self) {
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

    fn field_mut(&mut self, ty: TypeIndex, name: &str) -> &mut Field {
        self.world.types[ty].fields.iter_mut().find(|field| field.name == name).expect("a field")
    }

    fn local(&mut self, sub: Sub, ty: TypeIndex, name: &str) -> &mut LocalField {
        let types = &mut self.world.subgraphs[sub].types;
        types.get_mut(&ty).and_then(|local| local.fields.get_mut(name)).expect("a local field")
    }

    /// `@requires`: a new field whose value is made of others.
    fn require(&mut self) {
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

    fn may_be_external(&self, sub: Sub, ty: TypeIndex, name: &str) -> bool {
        let local = self.world.subgraphs[sub].types.get(&ty).and_then(|local| local.fields.get(name));
        !self.world.resolving(ty, name).is_empty() && !is_opaque(name) && local.is_none_or(|local| local.external)
    }

    /// Selects a field that another subgraph resolves, declared as external here.
    fn externalize(&mut self, sub: Sub, ty: TypeIndex, name: &str, depth: usize, arguments: bool) -> Option<Selected> {
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
    fn provide(&mut self) {
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

    /// `@interfaceObject`: one more subgraph, for which all objects of an interface are of one type.
    fn interface_object(&mut self) {
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
    fn fill_argument(&mut self, nth: usize) {
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

    /// What one subgraph provides, all others must declare as shareable.
    fn share(&mut self, ty: TypeIndex, set: &FieldSet) {
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
    fn externalize_provided(&mut self, sub: Sub, ty: TypeIndex, name: &str) -> Option<Selected> {
        let before = self.world.clone();
        let selected = self.externalize(sub, ty, name, 1, false)?;
        let target = match self.world.field(ty, name).map(|field| field.ty.named) {
            Some(Named::Object(target)) => target,
            _ => ty,
        };
        let good = |one: &Selected| {
            let ty = one.on.unwrap_or(target);
            let made = self.world.field(ty, &one.name).is_none_or(|field| !field.requires.is_empty());
            !made && self.world.local_field(sub, ty, &one.name).is_some_and(|local| local.external)
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

    /// Some shared fields are nullable in one subgraph only.
    fn loosen(&mut self) {
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

    fn resolving(&self, ty: TypeIndex, name: &str) -> Vec<Sub> {
        self.world.resolving(ty, name)
    }

    /// What follows from all the rest.
    fn finish(&mut self) {
        // Values are resolved wherever they are declared; what is declared nowhere is no field.
        for ty in 1..self.world.types.len() {
            let fields = std::mem::take(&mut self.world.types[ty].fields);
            self.world.types[ty].fields = fields
                .into_iter()
                .filter(|field| {
                    let mut locals = self.world.subgraphs.iter().filter_map(|sub| sub.types.get(&ty));
                    is_opaque(&field.name) || locals.any(|local| local.fields.contains_key(&field.name))
                })
                .collect();
        }
        for index in 0..self.world.interfaces.len() {
            for sub in &mut self.world.subgraphs {
                let Some((members, fields)) = sub.interfaces.get_mut(&index) else { continue };
                let common = |name: &&String| {
                    members.iter().all(|ty| sub.types[ty].fields.get(*name).is_some_and(|field| !field.external))
                };
                *fields = self.contracts[index].iter().filter(common).cloned().collect();
                fields.insert(0, "id".into());
            }
        }
        for ty in 0..self.world.types.len() {
            for at in 0..self.world.types[ty].fields.len() {
                let field = &self.world.types[ty].fields[at];
                if self.world.possible(ty, &field.name).is_empty() && !field.ty.named.is_leaf() {
                    let ty_now = field.ty.clone();
                    let field = &mut self.world.types[ty].fields[at];
                    field.looser_in = None;
                    field.ty = ty_now.nullable();
                }
            }
        }
    }
}

/// The value type that keys may consist of.
const PARTS: TypeIndex = 1;

/// Whether an interface object has the field.
fn is_opaque(name: &str) -> bool {
    name.starts_with('w')
}

fn plain(name: &str, named: Named) -> Field {
    Field {
        name: name.into(),
        ty: Ty::of(named, true),
        argument: false,
        requires: Vec::new(),
        context: Vec::new(),
        owners: Vec::new(),
        inaccessible: false,
        looser_in: None,
    }
}
