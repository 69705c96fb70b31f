//! Fills a world with data.

use serde_json::json;

use super::tape::Tape;
use super::world::*;

/// What may go wrong in a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Faults {
    /// Nothing: nulls only where they may be.
    None,
    /// Resolvers fail, and nulls stand where none may be.
    Fields,
    /// Besides, one subgraph does not answer at all.
    Subgraph,
}

/// Draws the data of a world.
pub fn fill(world: &mut World, tape: &mut Tape<'_>, faults: Faults) {
    let counts: Vec<usize> = (0..world.types.len())
        .map(|ty| match ty {
            0 => 1,
            1 => 3,
            _ => tape.between(1, 3),
        })
        .collect();
    for (ty, &count) in counts.iter().enumerate() {
        let instances = (0..count).map(|nth| {
            let fields = world.types[ty].fields.iter();
            fields.map(|field| value(world, tape, &counts, ty, nth, field, faults != Faults::None)).collect()
        });
        let instances: Vec<Vec<Data>> = instances.collect();
        world.data.push(instances);
    }
    forget(world, tape, faults);
    world.faulty = faults != Faults::None;
    if faults == Faults::Subgraph {
        world.failing = Some(tape.below(world.subgraphs.len()));
    }
}

fn value(
    world: &World,
    tape: &mut Tape<'_>,
    counts: &[usize],
    ty: TypeIndex,
    nth: usize,
    field: &Field,
    faulty: bool,
) -> Data {
    match &*field.name {
        "id" => return Data::Leaf(json!(format!("{}-{nth}", world.types[ty].name))),
        "k" => return Data::Leaf(json!(format!("key {nth}"))),
        "m" | "part" => return Data::Leaf(json!(nth)),
        "n" => return Data::Object(1, nth),
        _ => {}
    }
    if !field.requires.is_empty() || !field.context.is_empty() {
        // Computed where it is asked for.
        return Data::Leaf(json!(true));
    }
    let faulty = faulty && field.looser_in.is_none();
    let mut draw = Draw { world, tape, counts, possible: world.possible(ty, &field.name), faulty, nth };
    let never_null = field.looser_in.is_some();
    match draw.value(&field.ty, 0) {
        Data::Null if never_null => draw.present(&field.ty, 0),
        value => value,
    }
}

struct Draw<'d, 'n> {
    world: &'d World,
    tape: &'d mut Tape<'n>,
    counts: &'d [usize],
    possible: Vec<TypeIndex>,
    faulty: bool,
    nth: usize,
}

// === impl Draw ===

impl Draw<'_, '_> {
    fn value(&mut self, ty: &Ty, level: usize) -> Data {
        let non_null = ty.lists.get(level).copied().unwrap_or(ty.non_null);
        if self.faulty && self.tape.chance(4) {
            return Data::Error;
        }
        if self.tape.chance(if !non_null {
            15
        } else if self.faulty {
            3
        } else {
            0
        }) {
            return Data::Null;
        }
        if !ty.named.is_leaf() && self.possible.is_empty() && level == ty.lists.len() {
            return Data::Null;
        }
        self.present(ty, level)
    }

    fn present(&mut self, ty: &Ty, level: usize) -> Data {
        if level < ty.lists.len() {
            let empty = !ty.named.is_leaf() && self.possible.is_empty();
            let count = if empty { 0 } else { *self.tape.pick(&[0, 1, 2, 3, 7]) };
            return Data::List((0..count).map(|_| self.value(ty, level + 1)).collect());
        }
        let nth = self.nth;
        Data::Leaf(match ty.named {
            Named::Id => json!(format!("i{}", self.tape.below(9))),
            Named::String => json!(*self.tape.pick(&["", "plain", "q\"b\\s/", "tab\tnew\n", "é€🦀"])),
            Named::Int => json!(self.tape.below(100) as i64 - 20 * nth as i64),
            Named::Float => json!([0.5, -2.25, 1e21][self.tape.below(3)]),
            Named::Boolean => json!(self.tape.chance(50)),
            Named::Enum => json!(*self.tape.pick(&["CALM", "WILD"])),
            Named::Object(_) | Named::Interface(_) | Named::Union(_) => {
                let ty = *self.tape.pick(&self.possible.clone());
                debug_assert!(ty < self.world.types.len());
                return Data::Object(ty, self.tape.below(self.counts[ty]));
            }
        })
    }
}

/// Some subgraphs do not know some entities: they answer null, and what they alone know is null.
fn forget(world: &mut World, tape: &mut Tape<'_>, faults: Faults) {
    for sub in 0..world.subgraphs.len() {
        // Where types are revealed, all must be known.
        if !world.subgraphs[sub].keyed.is_empty() {
            continue;
        }
        for (ty, local) in world.subgraphs[sub].types.clone() {
            let [(key, true)] = &local.keys[..] else { continue };
            let in_key = |name: &str| key.iter().any(|selected| selected.name == name);
            let alone = |(name, field): (&String, &LocalField)| {
                let known = world.field(ty, name);
                let own = known.is_some_and(|known| known.owners == [sub] && known.looser_in.is_none());
                let empty = known.is_some_and(|known| !known.ty.is_non_null() || faults != Faults::None);
                in_key(name) || field.external || (own && empty && !field.overridden)
            };
            if !local.fields.iter().all(alone) || !tape.chance(30) {
                continue;
            }
            for nth in 0..world.data[ty].len() {
                if !tape.chance(40) {
                    continue;
                }
                world.unknown.insert((sub, ty, nth));
                for (at, field) in world.types[ty].fields.iter().enumerate() {
                    let here = local.fields.get(&field.name);
                    if here.is_some_and(|here| !in_key(&field.name) && !here.external) {
                        world.data[ty][nth][at] = Data::Null;
                    }
                }
            }
        }
    }
}
