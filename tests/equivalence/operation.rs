//! Draws operations that are valid for the schema clients see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pleach::graph::language::ast::{ExecutableDocument, Selection};
use serde_json::{Map, Value as Json, json};

use super::tape::Tape;
use super::world::*;

/// An operation with its variables.
#[derive(Clone, Debug)]
pub struct Asked {
    pub text: String,
    pub variables: Map<String, Json>,
}

/// What stands under the response names of one selection set, fragments included.
#[derive(Default)]
struct Scope {
    names: HashMap<String, (Vec<Meaning>, Scope)>,
}

/// A field under a response name.
#[derive(Clone, PartialEq)]
struct Meaning {
    parent: Named,
    field: String,
    arguments: String,
    ty: String,
    leaf: bool,
}

struct Writer<'t, 'n, 'w> {
    tape: &'t mut Tape<'n>,
    world: &'w World,
    fields_left: usize,
    aliases: usize,
    fragments: Vec<String>,
}

/// Draws a query.
pub fn query(world: &World, tape: &mut Tape<'_>) -> Asked {
    let mut writer = Writer { tape, world, fields_left: 30, aliases: 0, fragments: Vec::new() };
    let root = writer.selection_set(Named::Object(0), 4, &mut Scope::default());
    let fragments = writer.fragments.concat();
    let text = format!("query($yes: Boolean!, $no: Boolean! = false, $some: Int, $nil: Int) {root}\n{fragments}");
    let mut variables = Map::new();
    variables.insert("yes".into(), json!(!tape.chance(25)));
    if tape.chance(50) {
        variables.insert("no".into(), json!(tape.chance(50)));
    }
    variables.insert("some".into(), json!(tape.below(4)));
    if tape.chance(30) {
        variables.insert("nil".into(), Json::Null);
    }
    // Variables that nothing uses are not valid.
    let used = |name: &str| text.matches(&format!("${name}")).count() > 1;
    let mut kept = text.clone();
    for (name, declared) in
        [("yes", "$yes: Boolean!, "), ("no", "$no: Boolean! = false, "), ("some", "$some: Int, "), ("nil", "$nil: Int")]
    {
        if !used(name) {
            kept = kept.replacen(declared, "", 1);
            variables.remove(name);
        }
    }
    Asked { text: kept.replace("query()", "query").replace(", )", ")"), variables }
}

// === impl Writer ===

impl Writer<'_, '_, '_> {
    fn selection_set(&mut self, on: Named, depth: usize, scope: &mut Scope) -> String {
        let mut items = Vec::new();
        for _ in 0..self.tape.between(1, 4) {
            items.extend(self.item(on, depth, scope));
        }
        if items.is_empty() {
            items.push("__typename".into());
        }
        format!("{{ {} }}", items.join(" "))
    }

    fn item(&mut self, on: Named, depth: usize, scope: &mut Scope) -> Option<String> {
        let is_abstract = !matches!(on, Named::Object(_));
        let kind = self.tape.below(10);
        match kind {
            9 => return Some(self.typename(scope)),
            5.. if is_abstract => return self.fragment(on, depth, scope),
            8 => return self.fragment(on, depth, scope),
            _ => {}
        }
        let names = self.fields(on);
        if names.is_empty() {
            return self.fragment(on, depth, scope);
        }
        if self.fields_left == 0 {
            return None;
        }
        self.fields_left -= 1;
        let name = self.tape.pick(&names).clone();
        self.field(on, &name, depth, scope)
    }

    fn typename(&mut self, scope: &Scope) -> String {
        let alias = format!("t{}", self.tape.below(2));
        if self.tape.chance(25) && !scope.names.contains_key(&alias) {
            format!("{alias}: __typename")
        } else {
            "__typename".into()
        }
    }

    /// Fields clients can select.
    fn fields(&self, on: Named) -> Vec<String> {
        match on {
            Named::Object(ty) => {
                let all = self.world.types[ty].fields.iter();
                all.filter(|field| !field.inaccessible).map(|field| field.name.clone()).collect()
            }
            Named::Interface(index) => self.world.interface_fields(index).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn field(&mut self, on: Named, name: &str, depth: usize, scope: &mut Scope) -> Option<String> {
        let (ty, takes) = match on {
            Named::Object(object) => {
                (self.world.api_type(object, name), self.world.field(object, name).is_some_and(|field| field.argument))
            }
            Named::Interface(index) => {
                let takes = self.world.field(self.world.interfaces[index].members[0], name)?.argument;
                (self.world.interface_type(index, name, None), takes)
            }
            _ => return None,
        };
        let leaf = ty.named.is_leaf();
        if !leaf && depth == 0 {
            return None;
        }
        let arguments = match takes && self.tape.chance(60) {
            true => {
                let literal = self.tape.below(3).to_string();
                let value = *self.tape.pick(&["$some", "$nil", "null", &literal]);
                format!("(n: {value})")
            }
            false => String::new(),
        };
        let meaning = Meaning { parent: on, field: name.into(), arguments, ty: ty.text(self.world), leaf };
        let mut key = match self.tape.chance(20) {
            true => format!("z{}", self.tape.below(3)),
            false => name.to_owned(),
        };
        let known = scope.names.get(&key);
        if known.is_some_and(|(known, _)| !known.iter().all(|known| can_merge(known, &meaning))) {
            self.aliases += 1;
            key = format!("w{}", self.aliases);
        }
        let (meanings, below) = scope.names.entry(key.clone()).or_default();
        meanings.push(meaning.clone());
        let alias = if key == name { String::new() } else { format!("{key}: ") };
        let directive = self.directive();
        let selections =
            if leaf { String::new() } else { format!(" {}", self.selection_set(ty.named, depth - 1, below)) };
        Some(format!("{alias}{name}{}{directive}{selections}", meaning.arguments))
    }

    fn directive(&mut self) -> &'static str {
        const ALL: [&str; 6] = [
            "@include(if: $yes)",
            "@skip(if: $no)",
            "@include(if: $no)",
            "@skip(if: $yes)",
            "@include(if: $yes) @skip(if: $no)",
            "@skip(if: true)",
        ];
        if self.tape.chance(10) { ALL[self.tape.below(ALL.len())] } else { "" }
    }

    /// A fragment on a type that objects here may have.
    fn fragment(&mut self, on: Named, depth: usize, scope: &mut Scope) -> Option<String> {
        let members = self.world.members(on);
        let mut conditions: Vec<Named> = members.iter().map(|&ty| Named::Object(ty)).collect();
        let interfaces = (0..self.world.interfaces.len()).map(Named::Interface);
        let unions = (0..self.world.unions.len()).map(Named::Union);
        conditions.extend(
            interfaces
                .chain(unions)
                .filter(|&named| self.world.members(named).iter().any(|member| members.contains(member))),
        );
        if conditions.is_empty() || on == Named::Object(0) {
            return None;
        }
        let condition = *self.tape.pick(&conditions);
        let name = self.world.name(condition).to_owned();
        // Fragments take no level of fields, but must end.
        let depth = depth.checked_sub(usize::from(self.tape.chance(50)))?;
        let directive = self.directive();
        let selections = self.selection_set(condition, depth, scope);
        if self.tape.chance(15) {
            let fragment = format!("F{}", self.fragments.len());
            self.fragments.push(format!("fragment {fragment} on {name} {selections}\n"));
            return Some(format!("...{fragment} {directive}"));
        }
        Some(format!("... on {name} {directive} {selections}"))
    }
}

/// Whether two fields may share a response name (a stricter rule than `FieldsInSetCanMerge`).
fn can_merge(a: &Meaning, b: &Meaning) -> bool {
    let objects = matches!((a.parent, b.parent), (Named::Object(a), Named::Object(b)) if a != b);
    a.ty == b.ty && ((a.field == b.field && a.arguments == b.arguments) || (objects && a.leaf))
}

/// Whether an operation selects objects of one field under several response names.
pub fn shares(document: &ExecutableDocument) -> bool {
    shares_below(document, vec![&document.operations[0].selections])
}

fn shares_below(document: &ExecutableDocument, sets: Vec<&[Selection]>) -> bool {
    let mut fields: BTreeMap<&str, (BTreeSet<&str>, Vec<&[Selection]>)> = BTreeMap::new();
    let mut open = sets;
    while let Some(set) = open.pop() {
        for selection in set {
            match selection {
                Selection::Field(field) => {
                    let (keys, below) = fields.entry(&field.name.value).or_default();
                    keys.insert(field.alias.as_ref().unwrap_or(&field.name.value));
                    below.extend(field.selections.as_deref());
                }
                Selection::InlineFragment { selections, .. } => open.push(selections),
                Selection::FragmentSpread { name, .. } => {
                    let fragment = document.fragments.iter().find(|fragment| fragment.name.value == name.value);
                    open.push(&fragment.expect("the document is valid").selections);
                }
            }
        }
    }
    fields.into_values().any(|(keys, below)| !below.is_empty() && (keys.len() > 1 || shares_below(document, below)))
}
