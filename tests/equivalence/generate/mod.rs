//! Draws a world: types first, then who resolves which field, then what that takes.

mod features;
mod owners;
mod requirements;
mod types;

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
