//! What each subgraph of a world declares, as SDL.

use std::fmt::Write as _;

use super::world::*;

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \
                    \"@shareable\", \"@external\", \"@requires\", \"@provides\", \"@override\", \"@inaccessible\", \
                    \"@interfaceObject\", \"@context\", \"@fromContext\"])\n";

/// The SDL of one subgraph.
pub fn of(world: &World, sub: Sub) -> String {
    let subgraph = &world.subgraphs[sub];
    let mut text = LINK.to_owned();
    for (&ty, local) in &subgraph.types {
        let interfaces: Vec<&str> = subgraph
            .interfaces
            .iter()
            .filter(|(_, (members, _))| members.contains(&ty))
            .map(|(&index, _)| &*world.interfaces[index].name)
            .collect();
        let _ = write!(text, "type {}", world.types[ty].name);
        if !interfaces.is_empty() {
            let _ = write!(text, " implements {}", interfaces.join(" & "));
        }
        for context in world.contexts_set(sub, ty) {
            let _ = write!(text, " @context(name: \"{context}\")");
        }
        body(world, sub, ty, local, &mut text);
    }
    for (&index, local) in &subgraph.opaque {
        let interface = &world.interfaces[index];
        let _ = write!(text, "type {} @interfaceObject", interface.name);
        body(world, sub, interface.members[0], local, &mut text);
    }
    for (&index, (members, fields)) in &subgraph.interfaces {
        let key = if subgraph.keyed.contains(&index) { " @key(fields: \"id\")" } else { "" };
        let _ = writeln!(text, "interface {}{key} {{", world.interfaces[index].name);
        for name in fields {
            let field = world.field(members[0], name).expect("a field of all members");
            let ty = world.interface_type(index, name, Some(sub));
            let _ = writeln!(text, "  {name}{}: {}", argument(field), ty.text(world));
        }
        text.push_str("}\n");
    }
    for (&index, members) in &subgraph.unions {
        let names: Vec<&str> = members.iter().map(|&ty| &*world.types[ty].name).collect();
        let _ = writeln!(text, "union {} = {}", world.unions[index].name, names.join(" | "));
    }
    if text.contains("Mood") {
        text.push_str("enum Mood { CALM WILD }\n");
    }
    text
}

/// Keys and fields of an object type.
fn body(world: &World, sub: Sub, ty: TypeIndex, local: &LocalType, text: &mut String) {
    for (key, resolvable) in &local.keys {
        let not = if *resolvable { "" } else { ", resolvable: false" };
        let _ = write!(text, " @key(fields: \"{}\"{not})", world.field_set(key));
    }
    text.push_str(" {\n");
    for (name, local) in &local.fields {
        let field = world.field(ty, name).expect("a field of the world");
        let declared = if field.looser_in == Some(sub) { field.ty.clone().nullable() } else { field.ty.clone() };
        let _ = write!(text, "  {name}{}: {}", arguments(world, field), declared.text(world));
        text.push_str(&directives(world, field, local));
        text.push('\n');
    }
    text.push_str("}\n");
}

fn arguments(world: &World, field: &Field) -> String {
    if field.context.is_empty() {
        return argument(field).into();
    }
    let each = field.context.iter().map(|(ty, value)| format!("... on {} {{ {value} }}", world.types[*ty].name));
    let selected = each.collect::<Vec<_>>().join(" ");
    format!("(v: String @fromContext(field: \"${} {selected}\"))", field.name)
}

fn argument(field: &Field) -> &'static str {
    if field.argument { "(n: Int)" } else { "" }
}

fn directives(world: &World, field: &Field, local: &LocalField) -> String {
    let mut text = String::new();
    let mut flag = |on: bool, directive: &str| {
        if on {
            let _ = write!(text, " {directive}");
        }
    };
    flag(local.external, "@external");
    flag(local.shareable, "@shareable");
    flag(field.inaccessible && !local.external, "@inaccessible");
    if !local.requires.is_empty() {
        let _ = write!(text, " @requires(fields: \"{}\")", world.field_set(&local.requires));
    }
    if !local.provides.is_empty() {
        let _ = write!(text, " @provides(fields: \"{}\")", world.field_set(&local.provides));
    }
    if let Some(from) = local.overrides {
        let _ = write!(text, " @override(from: \"{}\")", NAMES[from]);
    }
    text
}
