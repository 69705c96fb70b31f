//! The model as text, for people: what exists, who provides it, how one gets there.

use std::fmt::{self, Display, Formatter};

use crate::graph::language::ast::TypeKind;

use super::field_set::FieldSetNode;
use super::ids::{EntryId, FieldId, FieldSetId, ProviderId, TypeId, TypeSet};
use super::lookup::{FilledArgument, RequiredArguments};
use super::supergraph::{AuthAtom, AuthRule, BatchCaps, EntryKind, LocalType, SubgraphKind, Supergraph};

/// A supergraph's model as text; made by [`Supergraph::dump`].
pub struct Dump<'a>(&'a Supergraph);

struct FieldSetText<'a>(&'a Supergraph, FieldSetId);

// === impl Supergraph ===

impl Supergraph {
    /// The model as readable, stable text.
    pub fn dump(&self) -> Dump<'_> {
        Dump(self)
    }

    /// A field set as it could have been written.
    pub fn display_field_set(&self, set: FieldSetId) -> impl Display {
        FieldSetText(self, set)
    }
}

// === impl Dump ===

impl Display for Dump<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for subgraph in self.0.subgraphs.iter() {
            match &subgraph.kind {
                SubgraphKind::Graphql { url } => writeln!(f, "subgraph {} graphql {url}", subgraph.name)?,
                SubgraphKind::Native => writeln!(f, "subgraph {} native", subgraph.name)?,
                SubgraphKind::Connector(id) => {
                    let connector = &self.0.connectors[*id];
                    writeln!(f, "subgraph {} connector{}", subgraph.name, batch(connector.batch))?;
                }
            }
        }
        for (id, def) in self.0.types.iter_enumerated() {
            // A scalar that nothing is said about tells nothing.
            if def.kind != TypeKind::Scalar || def.inaccessible || def.auth.is_some() || def.cost.is_some() {
                self.ty(f, id)?;
            }
        }
        Ok(())
    }
}

impl Dump<'_> {
    fn ty(&self, f: &mut Formatter<'_>, id: TypeId) -> fmt::Result {
        let def = &self.0.types[id];
        write!(f, "\n{} {}", kind(def.kind), def.name)?;
        self.remarks(f, def.inaccessible, def.auth.map(|rule| &self.0.auth_rules[rule]), def.cost)?;
        if def.is_abstract() {
            write!(f, " = {}", self.types(&def.possible))?;
        }
        writeln!(f)?;
        for local in &def.local {
            self.local(f, id, local)?;
        }
        for &entry in &def.entries {
            self.entry(f, id, entry)?;
        }
        for lookup in self.0.lookups.iter().filter(|lookup| lookup.ty == id) {
            let name = &self.0.subgraphs[lookup.subgraph].name;
            write!(f, "  lookup {name} {}", lookup.path.join("."))?;
            filled(f, &lookup.arguments)?;
            writeln!(f, " by {{ {} }}", FieldSetText(self.0, lookup.key))?;
        }
        for value in &def.values {
            writeln!(f, "  {}{}", value.name, if value.inaccessible { " inaccessible" } else { "" })?;
        }
        for input in &def.inputs {
            write!(f, "  {}: {}", input.name, self.0.display_type(&input.ty))?;
            self.remarks(f, input.inaccessible, None, input.cost)?;
            writeln!(f)?;
        }
        def.field_order.iter().try_for_each(|&field| self.field(f, field))
    }

    /// How a subgraph sees a type, where that is not how the whole graph sees it.
    fn local(&self, f: &mut Formatter<'_>, id: TypeId, local: &LocalType) -> fmt::Result {
        let def = &self.0.types[id];
        let name = &self.0.subgraphs[local.subgraph].name;
        if local.interface_object {
            writeln!(f, "  in {name}: interface object")?;
        } else if def.is_abstract() {
            writeln!(f, "  in {name}: {}", self.types(&local.possible))?;
        } else if def.kind == TypeKind::Enum {
            let values: Vec<_> = local.values.iter().map(|&at| &*def.values[at as usize].name).collect();
            writeln!(f, "  in {name}: {}", values.join(" | "))?;
        } else if local.interfaces != def.interfaces {
            let interfaces: Vec<_> = local.interfaces.iter().map(|&id| &*self.0.types[id].name).collect();
            let implements = if interfaces.is_empty() { "nothing".into() } else { interfaces.join(" & ") };
            writeln!(f, "  in {name}: implements {implements}")?;
        }
        Ok(())
    }

    fn entry(&self, f: &mut Formatter<'_>, landing: TypeId, id: EntryId) -> fmt::Result {
        let entry = &self.0.entries[id];
        let name = &self.0.subgraphs[entry.subgraph].name;
        write!(f, "  entry {name} by {{ {} }}", FieldSetText(self.0, entry.key))?;
        match entry.kind {
            EntryKind::Entity => {}
            EntryKind::InterfaceEntity => f.write_str(" as interface")?,
            EntryKind::InterfaceObject if entry.ty == landing => f.write_str(" as interface object")?,
            EntryKind::InterfaceObject => write!(f, " as interface object {}", self.0.types[entry.ty].name)?,
            EntryKind::Connector(_) => f.write_str(&batch(entry.batch))?,
        }
        if let Some(set) = entry.provides {
            write!(f, " provides {{ {} }}", FieldSetText(self.0, set))?;
        }
        writeln!(f)
    }

    fn field(&self, f: &mut Formatter<'_>, id: FieldId) -> fmt::Result {
        let def = &self.0.fields[id];
        write!(f, "  {}", def.name)?;
        if !def.arguments.is_empty() {
            let arguments: Vec<_> =
                def.arguments.iter().map(|arg| format!("{}: {}", arg.name, self.0.display_type(&arg.ty))).collect();
            write!(f, "({})", arguments.join(", "))?;
        }
        write!(f, ": {}", self.0.display_type(&def.ty))?;
        self.remarks(f, def.inaccessible, def.auth.map(|rule| &self.0.auth_rules[rule]), def.cost)?;
        if let Some(size) = &def.list_size {
            write!(f, " list size {}", size.assumed.map_or_else(|| "unknown".into(), |size| size.to_string()))?;
            for (what, names) in [("by", &size.slicing_arguments), ("of", &size.sized_fields)] {
                if !names.is_empty() {
                    write!(f, " {what} {}", names.join(", "))?;
                }
            }
        }
        writeln!(f)?;
        def.providers.iter().try_for_each(|&provider| self.provider(f, provider))
    }

    fn provider(&self, f: &mut Formatter<'_>, id: ProviderId) -> fmt::Result {
        let provider = &self.0.providers[id];
        write!(f, "    {}", self.0.subgraphs[provider.subgraph].name)?;
        if provider.local_type != self.0.fields[provider.field].ty {
            write!(f, " as {}", self.0.display_type(&provider.local_type))?;
        }
        if let Some(set) = provider.requires {
            write!(f, " requires {{ {} }}", FieldSetText(self.0, set))?;
        }
        if let Some(set) = provider.provides {
            write!(f, " provides {{ {} }}", FieldSetText(self.0, set))?;
        }
        if let Some((label, drawn)) = provider.override_gate {
            write!(f, " {} \"{}\"", if drawn { "if" } else { "unless" }, self.0.labels[label])?;
        }
        for argument in &provider.context_arguments {
            let ty = self.0.display_type(&argument.ty);
            write!(f, " with {}: {ty} from {} {{", argument.name, argument.context)?;
            for (setter, set) in &argument.selections {
                write!(f, " {} {{ {} }}", self.0.types[*setter].name, FieldSetText(self.0, *set))?;
            }
            f.write_str(" }")?;
        }
        let of_provider =
            |required: &&RequiredArguments| required.field == provider.field && required.subgraph == provider.subgraph;
        if let Some(required) = self.0.required_arguments.iter().find(of_provider) {
            f.write_str(" with ")?;
            filled(f, &required.arguments)?;
        }
        if provider.external {
            f.write_str(" external")?;
        }
        if provider.interface_object {
            f.write_str(" by interface object")?;
        }
        writeln!(f)
    }

    fn remarks(&self, f: &mut Formatter<'_>, hidden: bool, auth: Option<&AuthRule>, cost: Option<i32>) -> fmt::Result {
        if hidden {
            f.write_str(" inaccessible")?;
        }
        if let Some(rule) = auth {
            write!(f, " needs {rule}")?;
        }
        match cost {
            Some(cost) => write!(f, " cost {cost}"),
            None => Ok(()),
        }
    }

    fn types(&self, set: &TypeSet) -> String {
        let names: Vec<_> = set.iter().map(|id| &*self.0.types[id].name).collect();
        if names.is_empty() { "nothing".into() } else { names.join(" | ") }
    }
}

/// `(name: Type = value)`
fn filled(f: &mut Formatter<'_>, arguments: &[FilledArgument]) -> fmt::Result {
    let arguments = arguments.iter().map(|argument| format!("{}: {} = {}", argument.name, argument.ty, argument.value));
    write!(f, "({})", arguments.collect::<Vec<_>>().join(", "))
}

impl Display for AuthRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let atom = |atom: &AuthAtom| match atom {
            AuthAtom::Authenticated => "authenticated".to_owned(),
            AuthAtom::Scope(name) => format!("scope {name}"),
            AuthAtom::Policy(name) => format!("policy {name}"),
        };
        let all = |atoms: &Vec<AuthAtom>| atoms.iter().map(atom).collect::<Vec<_>>().join(" and ");
        let alternatives: Vec<_> = self.alternatives.iter().map(all).collect();
        f.write_str(&if alternatives.is_empty() { "the impossible".into() } else { alternatives.join(", or ") })
    }
}

// === impl FieldSetText ===

impl Display for FieldSetText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        nodes(f, self.0, &self.0.field_sets[self.1].selections)
    }
}

fn nodes(f: &mut Formatter<'_>, graph: &Supergraph, selections: &[FieldSetNode]) -> fmt::Result {
    for (index, node) in selections.iter().enumerate() {
        if index > 0 {
            f.write_str(" ")?;
        }
        let below = match node {
            FieldSetNode::Typename => {
                f.write_str("__typename")?;
                continue;
            }
            FieldSetNode::Fragment { on, selections } => {
                write!(f, "... on {}", graph.types[*on].name)?;
                selections
            }
            FieldSetNode::Field { field, arguments, selections } => {
                f.write_str(&graph.fields[*field].name)?;
                if !arguments.is_empty() {
                    let written: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                    write!(f, "({})", written.join(", "))?;
                }
                selections
            }
        };
        if !below.is_empty() {
            f.write_str(" { ")?;
            nodes(f, graph, below)?;
            f.write_str(" }")?;
        }
    }
    Ok(())
}

fn batch(caps: BatchCaps) -> String {
    match caps {
        BatchCaps::One { concurrency } => format!(" one by one, {concurrency} at a time"),
        BatchCaps::Batch { max } => format!(" in batches of {max}"),
    }
}

fn kind(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object => "type",
        TypeKind::Interface => "interface",
        TypeKind::Union => "union",
        TypeKind::Enum => "enum",
        TypeKind::InputObject => "input",
    }
}
