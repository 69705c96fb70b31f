//! What a server that answers only what it is asked for must be asked, so that mappings can yield
//! what is wanted of them.

use indexmap::IndexMap;

use super::ast::{Block, Expr, Head, ItemKind, MethodCall, Path, Root, StepKind};
use super::compiled::Mapping;
use super::methods::Flow;
use crate::platform::base::Name;
use serde_json::Value;

/// The key under which GraphQL tells an object's type.
const TYPENAME: &str = "__typename";

/// A field wanted of what a mapping yields.
#[derive(Clone, PartialEq, Debug)]
pub struct Want {
    /// The output key.
    pub name: Name,
    /// Only of objects whose `__typename` in the output is this.
    pub on: Option<Name>,
    /// Fields below; empty for the value as it is.
    pub fields: Vec<Want>,
}

/// The keys to ask for at one place of an answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Asked {
    /// In the order of first use.
    pub keys: IndexMap<Name, Asked>,
    /// Further keys, by the type that the answer's object must have.
    pub on: IndexMap<Name, Asked>,
    /// It is read as an object, though perhaps none of its keys is.
    pub object: bool,
}

/// Puts together what several mappings read of one answer. Lists on the way are passed through, as
/// by a path.
#[derive(Debug)]
pub struct Asking {
    nodes: Vec<Node>,
    locals: Vec<(Name, Vec<Place>)>,
    /// Places whose objects are known to be of a type, inside a pair of a `match`.
    conditions: Vec<(Place, Name)>,
}

/// Places of the answer, from which mappings start.
#[derive(Clone, Debug)]
pub struct Places(Vec<Place>);

type Place = usize;

#[derive(Debug, Default)]
struct Node {
    /// The key that leads here, and from where.
    from: Option<(Place, Name)>,
    keys: IndexMap<Name, Place>,
    on: IndexMap<Name, Place>,
    object: bool,
    whole: bool,
}

#[derive(Clone, Copy)]
struct Scope<'s> {
    input: &'s [Place],
    at: &'s [Place],
}

/// What is wanted of a value that is being followed.
#[derive(Clone)]
enum Wanted<'w> {
    All,
    These(Vec<&'w Want>),
}

// === impl Asking ===

impl Default for Asking {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], locals: Vec::new(), conditions: Vec::new() }
    }
}

impl Asking {
    /// The answer as a whole.
    pub fn answer(&self) -> Places {
        Places(vec![0])
    }

    /// Where the value of `mapping` stands, if it is taken from `input` as it is.
    pub fn at(&mut self, mapping: &Mapping, input: &Places) -> Places {
        let Root::Value(value) = mapping.root() else { return Places(Vec::new()) };
        Places(self.expr(value, Scope { input: &input.0, at: &input.0 }, &Wanted::All))
    }

    /// Adds all that `mapping` reads of `input`.
    pub fn read(&mut self, mapping: &Mapping, input: &Places) {
        self.select(mapping, input, None);
    }

    /// Adds what `mapping` reads of `input` to yield what is `wanted`; without that, everything.
    pub fn select(&mut self, mapping: &Mapping, input: &Places, wanted: Option<&[Want]>) {
        let wanted = wanted.map_or(Wanted::All, |wanted| Wanted::These(wanted.iter().collect()));
        match mapping.root() {
            Root::Value(value) => {
                let places = self.expr(value, Scope { input: &input.0, at: &input.0 }, &wanted);
                self.take(&places, &wanted);
            }
            Root::Items(block) => self.block(block, &input.0, &wanted),
        }
    }

    /// What to ask for. Key paths are no longer than the mappings are deep and long; the tree has
    /// no loops, since children are always newer than their parents.
    pub fn finish(&self) -> Asked {
        self.asked(0)
    }

    fn asked(&self, place: Place) -> Asked {
        let Some(node) = self.nodes.get(place) else { return Asked::default() };
        let below = |children: &IndexMap<Name, Place>| {
            children.iter().map(|(name, &child)| (name.clone(), self.asked(child))).collect()
        };
        Asked { keys: below(&node.keys), on: below(&node.on), object: node.object && !node.whole }
    }

    // --- places

    fn add(&mut self, node: Node) -> Place {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn key(&mut self, places: &[Place], key: &Name) -> Vec<Place> {
        let mut below = Vec::new();
        for &place in places {
            let at = self.narrowed(place, key);
            let known = self.nodes.get(at).and_then(|node| node.keys.get(key)).copied();
            let child = known.unwrap_or_else(|| self.add(Node { from: Some((place, key.clone())), ..Node::default() }));
            if let Some(node) = self.nodes.get_mut(at) {
                node.keys.insert(key.clone(), child);
            }
            if !below.contains(&child) {
                below.push(child);
            }
        }
        below
    }

    /// The place itself, or what belongs to the type its objects are known to be of there.
    fn narrowed(&mut self, place: Place, key: &str) -> Place {
        let condition = self.conditions.iter().rev().find(|(known, _)| *known == place && key != TYPENAME);
        match condition.map(|(_, ty)| ty.clone()) {
            Some(ty) => self.on(place, &ty),
            None => place,
        }
    }

    fn on(&mut self, place: Place, ty: &Name) -> Place {
        if let Some(&known) = self.nodes.get(place).and_then(|node| node.on.get(ty)) {
            return known;
        }
        let child = self.add(Node::default());
        if let Some(node) = self.nodes.get_mut(place) {
            node.on.insert(ty.clone(), child);
        }
        child
    }

    /// The values at these places are read as they are.
    fn take(&mut self, places: &[Place], wanted: &Wanted<'_>) {
        for &place in places {
            if let Some(node) = self.nodes.get_mut(place) {
                node.whole = true;
            }
        }
        // An object that is taken as it is has the names that are wanted.
        let Wanted::These(wants) = wanted else { return };
        for want in wants {
            let of_type: Vec<Place> = match &want.on {
                Some(ty) => places.iter().map(|&place| self.on(place, ty)).collect(),
                None => places.to_vec(),
            };
            let below = self.key(&of_type, &want.name);
            self.take(&below, &Wanted::These(want.fields.iter().collect()));
        }
    }

    // --- the mapping

    fn expr(&mut self, expr: &Expr, scope: Scope<'_>, wanted: &Wanted<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for operand in expr.operands() {
            for place in self.path(operand, scope, wanted) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    fn path(&mut self, path: &Path, scope: Scope<'_>, wanted: &Wanted<'_>) -> Vec<Place> {
        let locals = self.locals.len();
        let is_last = |step: usize| path.block.is_none() && step == path.steps.len();
        let of = |step: usize| if is_last(step) { wanted.clone() } else { Wanted::All };
        let mut places = self.head(&path.head, scope, &of(0));
        for (nth, step) in path.steps.iter().enumerate() {
            places = match &step.kind {
                StepKind::Optional => places,
                StepKind::Key(key) => self.key(&places, key),
                StepKind::Method(call) => self.method(call, &places, scope, &of(nth + 1)),
            };
        }
        if let Some(block) = &path.block {
            self.block(block, &places, wanted);
            places = Vec::new();
        }
        self.locals.truncate(locals);
        places
    }

    fn head(&mut self, head: &Head, scope: Scope<'_>, wanted: &Wanted<'_>) -> Vec<Place> {
        match head {
            Head::Input => scope.input.to_vec(),
            Head::At => scope.at.to_vec(),
            Head::Key(key) => self.key(scope.input, key),
            Head::Local(name) => {
                let bound = self.locals.iter().rev().find(|(local, _)| local == name);
                bound.map(|(_, places)| places.clone()).unwrap_or_default()
            }
            Head::Expr(inner) => self.expr(inner, scope, wanted),
            Head::Variable(_) | Head::Literal(_) => Vec::new(),
            Head::Array(items) => {
                for item in items {
                    let places = self.expr(item, scope, wanted);
                    self.take(&places, wanted);
                }
                Vec::new()
            }
            Head::Object(block) => {
                self.object(block, scope, wanted);
                Vec::new()
            }
        }
    }

    fn method(&mut self, call: &MethodCall, input: &[Place], scope: Scope<'_>, wanted: &Wanted<'_>) -> Vec<Place> {
        let at = Scope { at: input, ..scope };
        let flow = call.method.map_or(Flow::Reads, |method| method.flow);
        if let Some(name) = &call.binds {
            let bound = match call.args.first() {
                Some(arg) => self.expr(arg, at, &Wanted::All),
                None => input.to_vec(),
            };
            self.locals.push((name.clone(), bound));
            return input.to_vec();
        }
        // An element and its array are one place: paths pass through arrays.
        match flow {
            Flow::Gives => call.args.first().map(|arg| self.expr(arg, at, wanted)).unwrap_or_default(),
            Flow::Keeps => {
                self.read_all(&call.args, at);
                input.to_vec()
            }
            Flow::Reads => {
                self.take(input, &Wanted::All);
                self.read_all(&call.args, at);
                Vec::new()
            }
            Flow::Pairs => {
                self.take(input, &Wanted::All);
                let typed = self.typed_by(&call.name, input);
                call.args.iter().flat_map(|arg| self.pair(arg, at, &typed, wanted)).collect()
            }
        }
    }

    /// The places whose objects' types are `input`, if a `match` of it tells these apart.
    fn typed_by(&self, method: &str, input: &[Place]) -> Vec<Place> {
        let parent = |&place: &Place| match &self.nodes.get(place)?.from {
            Some((parent, key)) if &**key == TYPENAME => Some(*parent),
            _ => None,
        };
        let parents: Option<Vec<Place>> = input.iter().map(parent).collect();
        parents.filter(|_| method == "match").unwrap_or_default()
    }

    fn pair(&mut self, arg: &Expr, at: Scope<'_>, typed: &[Place], wanted: &Wanted<'_>) -> Vec<Place> {
        let Some([candidate, value]) = arg.as_array() else {
            self.read_all(std::slice::from_ref(arg), at);
            return Vec::new();
        };
        let read = self.expr(candidate, at, &Wanted::All);
        self.take(&read, &Wanted::All);
        let wanted = match typename(value) {
            Some(ty) => wanted.of_type(ty),
            None => wanted.clone(),
        };
        let conditions = self.conditions.len();
        if let Some(ty) = text(candidate) {
            self.conditions.extend(typed.iter().map(|&place| (place, ty.into())));
        }
        let mut places = self.expr(value, at, &wanted);
        if let Wanted::These(_) = wanted {
            // Nothing follows: what is taken as it is, is taken while the condition holds.
            self.take(&places, &wanted);
            places.clear();
        }
        self.conditions.truncate(conditions);
        places
    }

    fn read_all(&mut self, items: &[Expr], scope: Scope<'_>) {
        for item in items {
            let places = self.expr(item, scope, &Wanted::All);
            self.take(&places, &Wanted::All);
        }
    }

    fn block(&mut self, block: &Block, places: &[Place], wanted: &Wanted<'_>) {
        for &place in places {
            if let Some(node) = self.nodes.get_mut(place) {
                node.object = true;
            }
        }
        self.object(block, Scope { input: places, at: places }, wanted);
    }

    fn object(&mut self, block: &Block, scope: Scope<'_>, wanted: &Wanted<'_>) {
        let types = type_table(block);
        for item in &block.items {
            match &item.kind {
                ItemKind::Named { key, value, .. } => {
                    self.item(key, &types, scope, wanted, |asking, wanted| {
                        let places = asking.expr(value, scope, wanted);
                        asking.take(&places, wanted);
                    });
                }
                ItemKind::Field(key, path) => {
                    self.item(key, &types, scope, wanted, |asking, wanted| {
                        let places = asking.path(path, scope, wanted);
                        asking.take(&places, wanted);
                    });
                }
                ItemKind::Merge(path) | ItemKind::Spread(path) => {
                    let places = self.path(path, scope, wanted);
                    self.take(&places, wanted);
                }
            }
        }
    }

    /// Follows the value of one key, if the key is wanted. Where the object says by a table which
    /// type each type of the answer becomes, it is asked for on the types it is wanted of.
    fn item(
        &mut self,
        key: &Name,
        types: &[(Name, Name)],
        scope: Scope<'_>,
        wanted: &Wanted<'_>,
        mut follow: impl FnMut(&mut Self, &Wanted<'_>),
    ) {
        let Wanted::These(wants) = wanted else { return follow(self, &Wanted::All) };
        let own: Vec<&Want> = wants.iter().copied().filter(|want| want.name == *key).collect();
        if &**key == TYPENAME {
            return follow(self, &Wanted::All);
        }
        if own.is_empty() {
            return;
        }
        if types.is_empty() {
            return follow(self, &below(&own));
        }
        for (theirs, ours) in types {
            let own: Vec<&Want> = own.iter().copied().filter(|want| want.is_on(ours)).collect();
            if own.is_empty() {
                continue;
            }
            let conditions = self.conditions.len();
            self.conditions.extend(scope.input.iter().map(|&place| (place, theirs.clone())));
            follow(self, &below(&own));
            self.conditions.truncate(conditions);
        }
    }
}

/// What is wanted below a key that may be wanted several times. A value of which nothing is said is
/// wanted as it is.
fn below<'w>(wants: &[&'w Want]) -> Wanted<'w> {
    let fields: Vec<&Want> = wants.iter().flat_map(|want| &want.fields).collect();
    if fields.is_empty() { Wanted::All } else { Wanted::These(fields) }
}

/// The `__typename` that an object written out says.
fn typename(value: &Expr) -> Option<&str> {
    let Head::Object(block) = &value.first.head else { return None };
    block.items.iter().find_map(|item| match &item.kind {
        ItemKind::Named { key, value, .. } if &**key == TYPENAME => text(value),
        _ => None,
    })
}

/// The types of the answer and those they become, where an object says
/// `__typename: __typename->match(["Theirs", "Ours"], …)`.
fn type_table(block: &Block) -> Vec<(Name, Name)> {
    let said = block.items.iter().find_map(|item| match &item.kind {
        ItemKind::Named { key, value, .. } if &**key == TYPENAME && value.rest.is_empty() => Some(&value.first),
        _ => None,
    });
    let Some(Path { head, steps, block: None, .. }) = said else { return Vec::new() };
    let calls = match (head, &steps[..]) {
        (Head::Key(key), [call]) if &**key == TYPENAME => call,
        (Head::Input, [key, call]) if matches!(&key.kind, StepKind::Key(key) if &**key == TYPENAME) => call,
        _ => return Vec::new(),
    };
    let StepKind::Method(call) = &calls.kind else { return Vec::new() };
    if &*call.name != "match" {
        return Vec::new();
    }
    let pair = |arg: &Expr| match arg.as_array()? {
        [theirs, ours] => Some((text(theirs)?.into(), text(ours)?.into())),
        _ => None,
    };
    call.args.iter().map(pair).collect::<Option<_>>().unwrap_or_default()
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.first {
        Path { head: Head::Literal(Value::String(text)), steps, block: None, .. }
            if steps.is_empty() && expr.rest.is_empty() =>
        {
            Some(text)
        }
        _ => None,
    }
}

// === impl Want ===

impl Want {
    fn is_on(&self, ty: &str) -> bool {
        self.on.as_deref().is_none_or(|on| on == ty)
    }
}

// === impl Wanted ===

impl<'w> Wanted<'w> {
    fn of_type(&self, ty: &str) -> Self {
        match self {
            Self::All => Self::All,
            Self::These(wants) => Self::These(wants.iter().copied().filter(|want| want.is_on(ty)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::*;

    fn want(name: &str, fields: Vec<Want>) -> Want {
        let (on, name) = name.split_once('.').map_or((None, name), |(on, name)| (Some(on.into()), name));
        Want { name: name.into(), on, fields }
    }

    fn write(asked: &Asked) -> String {
        let mut parts: Vec<String> = asked.keys.iter().map(|(key, below)| format!("{key}{}", write(below))).collect();
        parts.extend(asked.on.iter().map(|(ty, below)| format!("on {ty}{}", write(below))));
        match (parts.is_empty(), asked.object) {
            (true, false) => String::new(),
            _ => format!(" {{ {} }}", parts.join(" ")),
        }
    }

    fn ask(selection: &str, wanted: Option<&[Want]>) -> String {
        let mut asking = Asking::default();
        let answer = asking.answer();
        asking.select(&Mapping::parse(selection, Dialect::Pleach).unwrap(), &answer, wanted);
        write(&asking.finish()).trim().to_owned()
    }

    fn leaves(names: &[&str]) -> Vec<Want> {
        names.iter().map(|name| want(name, Vec::new())).collect()
    }

    #[test]
    fn only_what_is_wanted_is_asked_for_under_its_own_name() {
        let selection = "id name: profile.fullName posts: articles { title body }";
        assert_eq!(ask(selection, Some(&leaves(&["id", "name"]))), "{ id profile { fullName } }");
        assert_eq!(ask(selection, Some(&[want("posts", leaves(&["title"]))])), "{ articles { title } }");
        assert_eq!(ask(selection, Some(&leaves(&["posts"]))), "{ articles { title body } }");
        assert_eq!(ask(selection, None), "{ id profile { fullName } articles { title body } }");
        let author = [want("author", leaves(&["id"]))];
        assert_eq!(ask("id author: { id: authorId name: by }", Some(&author)), "{ authorId }");
    }

    #[test]
    fn a_value_that_is_taken_as_it_is_ends_the_way() {
        assert_eq!(ask("$.nm", Some(&[])), "{ nm }");
        assert_eq!(ask("$.nm", None), "{ nm }");
        assert_eq!(ask("ids { id: $ }", Some(&[want("ids", leaves(&["id"]))])), "{ ids }");
    }

    #[test]
    fn methods_are_followed_to_what_they_give() {
        assert_eq!(ask("id name: first->joinNotNull(last)", Some(&leaves(&["name"]))), "{ first last }");
        let edge = [want("id", Vec::new())];
        assert_eq!(ask("$.edges->map(@.node { id name })", Some(&edge)), "{ edges { node { id } } }");
        assert_eq!(ask("$.edges->filter(@.ok)->first { id name }", Some(&edge)), "{ edges { ok id } }");
    }

    #[test]
    fn an_object_of_which_no_key_is_read_is_still_an_object() {
        assert_eq!(ask("$.user { kind: 'x' id }", Some(&leaves(&["kind"]))), "{ user {  } }");
    }

    #[test]
    fn types_that_a_match_tells_apart_have_keys_of_their_own() {
        let spread = "... __typename->match(['Hund', { __typename: 'Dog', name: $.name, bark }], ['Katze', { __typename: 'Cat', name }])";
        assert_eq!(ask(spread, None), "{ __typename on Hund { name bark } on Katze { name } }");
        let wanted = [want("__typename", Vec::new()), want("Dog.bark", Vec::new()), want("Cat.name", Vec::new())];
        assert_eq!(ask(spread, Some(&wanted)), "{ __typename on Hund { bark } on Katze { name } }");
        let flat = "__typename: __typename->match(['Hund', 'Dog'], ['Katze', 'Cat']) name bark: noise.loud";
        assert_eq!(ask(flat, Some(&wanted)), "{ __typename on Katze { name } on Hund { noise { loud } } }");
        let everybody = [want("__typename", Vec::new()), want("name", Vec::new())];
        assert_eq!(ask(flat, Some(&everybody)), "{ __typename on Hund { name } on Katze { name } }");
    }

    #[test]
    fn mappings_of_one_answer_are_put_together() {
        let mapping = |text: &str| Mapping::parse(text, Dialect::Pleach).unwrap();
        let mut asking = Asking::default();
        let answer = asking.answer();
        let records = asking.at(&mapping("$.page.items"), &answer);
        asking.select(&mapping("id name"), &records, Some(&leaves(&["name"])));
        asking.read(&mapping("$.page.next"), &answer);
        assert_eq!(write(&asking.finish()).trim(), "{ page { items { name } next } }");
    }
}
