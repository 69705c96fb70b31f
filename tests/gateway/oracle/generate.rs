//! Random valid operations.

use serde_json::{Map, Value, json};

use super::schema::{FieldRule, fields_of, is_composite, named};

/// An operation, with the values of its variables.
#[derive(Clone)]
pub struct Operation {
    pub root: Vec<Item>,
    /// Named fragments: type and selections.
    pub fragments: Vec<(&'static str, Vec<Item>)>,
    /// Definition (name and type) and value.
    pub variables: Vec<(String, &'static str, Value)>,
}

/// One selection.
#[derive(Clone)]
pub enum Item {
    Field(Field),
    Inline { on: Option<&'static str>, condition: Option<Condition>, items: Vec<Item> },
    Spread { fragment: usize, condition: Option<Condition> },
}

#[derive(Clone)]
pub struct Field {
    pub rule: &'static FieldRule,
    pub alias: Option<String>,
    pub arguments: Vec<Argument>,
    pub condition: Option<Condition>,
    pub items: Vec<Item>,
}

/// An argument, its value, and how it is written.
#[derive(Clone)]
pub struct Argument {
    pub name: &'static str,
    pub value: Value,
    pub text: String,
}

/// `@include` or `@skip`.
#[derive(Clone)]
pub struct Condition {
    pub text: String,
    pub included: bool,
}

/// What arguments are chosen from.
pub struct Pool {
    pub users: Vec<String>,
    pub products: Vec<String>,
    pub skus: Vec<String>,
    pub orders: Vec<String>,
    /// Cursors by position.
    pub products_after: Vec<String>,
    pub users_after: Vec<String>,
}

/// A sequence of numbers that looks random and is the same for the same seed (SplitMix64).
pub struct Dice(pub u64);

pub struct Generator<'a> {
    pub dice: Dice,
    pub pool: &'a Pool,
    operation: Operation,
    /// How many more fields may be selected.
    budget: usize,
}

// === impl Dice ===

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// Whether something happens that happens in `percent` of all cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

// === impl Generator ===

impl<'a> Generator<'a> {
    pub fn new(seed: u64, pool: &'a Pool) -> Self {
        let operation = Operation { root: Vec::new(), fragments: Vec::new(), variables: Vec::new() };
        Self { dice: Dice(seed), pool, operation, budget: 45 }
    }

    pub fn operation(mut self) -> Operation {
        let depth = 5 + self.dice.below(6);
        let mut root = self.selections("Query", depth);
        if root.is_empty() {
            root = vec![Item::Field(self.leaf_of_everything())];
        }
        self.operation.root = root;
        self.operation
    }

    /// `{ product(id) { id } }`, should nothing else have been chosen.
    fn leaf_of_everything(&mut self) -> Field {
        let rule = fields_of("Query").find(|rule| rule.name == "product").expect("it exists");
        let id = fields_of("Product").find(|rule| rule.name == "id").expect("it exists");
        let below = Field { rule: id, alias: None, arguments: Vec::new(), condition: None, items: Vec::new() };
        let arguments = self.arguments(rule);
        Field { rule, alias: None, arguments, condition: None, items: vec![Item::Field(below)] }
    }

    fn selections(&mut self, parent: &'static str, depth: usize) -> Vec<Item> {
        let rules: Vec<&'static FieldRule> =
            fields_of(parent).filter(|rule| depth > 1 || !is_composite(rule.ty)).collect();
        let mut items = Vec::new();
        if rules.is_empty() {
            return items;
        }
        for _ in 0..1 + self.dice.below(5) {
            if self.budget == 0 && !items.is_empty() {
                break;
            }
            match self.dice.below(10) {
                0 if self.budget > 3 => {
                    let below = self.selections(parent, depth);
                    let (on, condition) = (self.dice.chance(50).then_some(parent), self.condition());
                    if !below.is_empty() {
                        items.push(Item::Inline { on, condition, items: below });
                    }
                }
                1 if self.budget > 3 => {
                    let fragment = self.fragment(parent, depth);
                    let condition = self.condition();
                    items.extend(fragment.map(|fragment| Item::Spread { fragment, condition }));
                }
                _ => {
                    let rule = *self.dice.pick(&rules);
                    items.extend(self.field(rule, depth).map(Item::Field));
                }
            }
        }
        items
    }

    fn field(&mut self, rule: &'static FieldRule, depth: usize) -> Option<Field> {
        self.budget = self.budget.saturating_sub(1);
        let items = match is_composite(rule.ty) {
            true => self.selections(named(rule.ty), depth - 1),
            false => Vec::new(),
        };
        if items.is_empty() && is_composite(rule.ty) {
            return None;
        }
        let arguments = self.arguments(rule);
        // A response name says all of field and arguments, so that whatever merges fits together.
        let salt = self.dice.below(6);
        let alias = (!arguments.is_empty() || salt == 0).then(|| {
            let texts = arguments.iter().map(|argument| format!("{}:{}", argument.name, argument.text));
            let hash = texts
                .flat_map(|text| text.into_bytes())
                .fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
            format!("{}_{hash:x}_{}", rule.name, salt % 2)
        });
        Some(Field { rule, alias, arguments, condition: self.condition(), items })
    }

    /// A fragment that exists already, or a new one.
    fn fragment(&mut self, on: &'static str, depth: usize) -> Option<usize> {
        let known: Vec<usize> =
            (0..self.operation.fragments.len()).filter(|&at| self.operation.fragments[at].0 == on).collect();
        if !known.is_empty() && self.dice.chance(60) {
            return Some(*self.dice.pick(&known));
        }
        // Pushed when it is complete, so no fragment can contain itself.
        let items = self.selections(on, depth.min(3));
        (!items.is_empty()).then(|| {
            self.operation.fragments.push((on, items));
            self.operation.fragments.len() - 1
        })
    }

    fn condition(&mut self) -> Option<Condition> {
        if !self.dice.chance(8) {
            return None;
        }
        let (value, skips) = (self.dice.chance(60), self.dice.chance(50));
        let text = match self.dice.chance(60) {
            true => self.variable("Boolean!", json!(value)),
            false => value.to_string(),
        };
        let name = if skips { "skip" } else { "include" };
        Some(Condition { text: format!(" @{name}(if: {text})"), included: value != skips })
    }

    fn arguments(&mut self, rule: &'static FieldRule) -> Vec<Argument> {
        rule.arguments.iter().filter_map(|kind| self.argument(rule, kind)).collect()
    }

    fn argument(&mut self, rule: &'static FieldRule, kind: &str) -> Option<Argument> {
        let pool = self.pool;
        let (name, ty, value) = match kind {
            "first" => ("first", "Int", json!(1 + self.dice.below(5))),
            "userId" => ("id", "ID!", json!(self.dice.pick(&pool.users))),
            "productId" => ("id", "ID!", json!(self.dice.pick(&pool.products))),
            "orderId" => ("id", "ID!", json!(self.dice.pick(&pool.orders))),
            "sku" => ("sku", "String!", json!(self.dice.pick(&pool.skus))),
            "zip" => ("zip", "String!", json!(self.dice.pick(&["20095", "80331", "69001", "02134"]))),
            "productsAfter" if self.dice.chance(30) => ("after", "String", json!(self.dice.pick(&pool.products_after))),
            "usersAfter" if self.dice.chance(30) => ("after", "String", json!(self.dice.pick(&pool.users_after))),
            "filter" if self.dice.chance(30) => return Some(self.filter()),
            _ => return None,
        };
        // Some lists have few items anyway, and may be asked for without saying how many.
        if kind == "first" && self.dice.chance(10) && rule.parent != "Query" && rule.parent != "Category" {
            return None;
        }
        let text = match self.dice.chance(25) {
            true => self.variable(ty, value.clone()),
            false => value.to_string(),
        };
        Some(Argument { name, value, text })
    }

    fn filter(&mut self) -> Argument {
        let part = *self.dice.pick(&["a", "EL", "Birk", "nobody at all"]);
        let (value, text) = match self.dice.below(3) {
            0 => (json!({ "name": { "contains": part } }), format!("{{ name: {{ contains: \"{part}\" }} }}")),
            1 => (
                json!({ "status": { "in": ["SUSPENDED", "CLOSED"] } }),
                "{ status: { in: [SUSPENDED, CLOSED] } }".into(),
            ),
            _ => (
                json!({ "name": { "contains": part }, "status": { "in": ["ACTIVE"] } }),
                format!("{{ name: {{ contains: \"{part}\" }}, status: {{ in: ACTIVE }} }}"),
            ),
        };
        let text = if self.dice.chance(25) { self.variable("UserFilter", value.clone()) } else { text };
        Argument { name: "filter", value, text }
    }

    fn variable(&mut self, ty: &'static str, value: Value) -> String {
        let name = format!("v{}", self.operation.variables.len());
        self.operation.variables.push((name.clone(), ty, value));
        format!("${name}")
    }
}

// === impl Operation ===

impl Operation {
    /// The operation as GraphQL text.
    pub fn text(&self) -> String {
        let mut body = String::new();
        print(&self.root, 1, &mut body);
        let mut fragments = String::new();
        for (at, (on, items)) in self.fragments.iter().enumerate() {
            if self.uses(at) {
                fragments += &format!("fragment F{at} on {on} {{\n");
                print(items, 1, &mut fragments);
                fragments += "}\n";
            }
        }
        let all = format!("{body}{fragments}");
        let used = self.variables.iter().filter(|(name, ..)| mentions(&all, name));
        let definitions: Vec<String> = used.map(|(name, ty, _)| format!("${name}: {ty}")).collect();
        let head = if definitions.is_empty() { String::new() } else { format!("query ({}) ", definitions.join(", ")) };
        format!("{head}{{\n{body}}}\n{fragments}")
    }

    pub fn variables(&self) -> Map<String, Value> {
        let text = self.text();
        let used = self.variables.iter().filter(|(name, ..)| mentions(&text, name));
        used.map(|(name, _, value)| (name.clone(), value.clone())).collect()
    }

    /// Whether a fragment is reached from the root.
    fn uses(&self, wanted: usize) -> bool {
        fn reaches(operation: &Operation, items: &[Item], wanted: usize) -> bool {
            items.iter().any(|item| match item {
                Item::Field(field) => reaches(operation, &field.items, wanted),
                Item::Inline { items, .. } => reaches(operation, items, wanted),
                Item::Spread { fragment, .. } => {
                    *fragment == wanted || reaches(operation, &operation.fragments[*fragment].1, wanted)
                }
            })
        }
        reaches(self, &self.root, wanted)
    }

    /// Every operation that has one selection less.
    pub fn smaller(&self) -> Vec<Self> {
        let without = |items: &[Item]| (0..count(items)).filter_map(|nth| remove(items, nth)).collect::<Vec<_>>();
        let roots = without(&self.root).into_iter().filter(|root| !root.is_empty());
        let mut all: Vec<Self> = roots.map(|root| Self { root, ..self.clone() }).collect();
        for (at, (on, items)) in self.fragments.iter().enumerate().filter(|(at, _)| self.uses(*at)) {
            for items in without(items).into_iter().filter(|items| !items.is_empty()) {
                let mut smaller = self.clone();
                smaller.fragments[at] = (on, items);
                all.push(smaller);
            }
        }
        all
    }
}

/// Whether a text uses a variable.
fn mentions(text: &str, name: &str) -> bool {
    text.split('$').skip(1).any(|rest| rest.split(|c: char| !c.is_alphanumeric()).next() == Some(name))
}

fn below(item: &Item) -> &[Item] {
    match item {
        Item::Field(field) => &field.items,
        Item::Inline { items, .. } => items,
        Item::Spread { .. } => &[],
    }
}

fn count(items: &[Item]) -> usize {
    items.iter().map(|item| 1 + count(below(item))).sum()
}

/// The items without the nth of them, counted in the order they are written; nothing if that would
/// leave an object without selections.
fn remove(items: &[Item], nth: usize) -> Option<Vec<Item>> {
    let (mut kept, mut seen) = (Vec::new(), 0);
    for item in items {
        let size = 1 + count(below(item));
        if seen == nth {
            seen += size;
            continue;
        }
        if seen < nth && nth < seen + size {
            let items = remove(below(item), nth - seen - 1).filter(|items| !items.is_empty())?;
            kept.push(match item.clone() {
                Item::Field(field) => Item::Field(Field { items, ..field }),
                Item::Inline { on, condition, .. } => Item::Inline { on, condition, items },
                spread => spread,
            });
        } else {
            kept.push(item.clone());
        }
        seen += size;
    }
    Some(kept)
}

fn print(items: &[Item], indent: usize, out: &mut String) {
    let space = "  ".repeat(indent);
    let condition = |condition: &Option<Condition>| condition.as_ref().map_or("", |c| &c.text).to_owned();
    for item in items {
        match item {
            Item::Field(field) => {
                let alias = field.alias.as_ref().map(|alias| format!("{alias}: ")).unwrap_or_default();
                let arguments: Vec<String> =
                    field.arguments.iter().map(|argument| format!("{}: {}", argument.name, argument.text)).collect();
                let arguments =
                    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
                *out += &format!("{space}{alias}{}{arguments}{}", field.rule.name, condition(&field.condition));
            }
            Item::Inline { on, condition: own, .. } => {
                let on = on.map(|on| format!(" on {on}")).unwrap_or_default();
                *out += &format!("{space}...{on}{}", condition(own));
            }
            Item::Spread { fragment, condition: own } => *out += &format!("{space}...F{fragment}{}", condition(own)),
        }
        if !below(item).is_empty() {
            *out += " {\n";
            print(below(item), indent + 1, out);
            *out += &format!("{space}}}");
        }
        out.push('\n');
    }
}
