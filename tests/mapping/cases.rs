//! Runs every case of every page; `UPDATE=1` rewrites what they expect.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pleach::graph::mapping::{
    Dialect, Mapping, MappingError, ObjectShape, Outcome, ProjectedField, ProjectedValue, Projection, Reference,
    References, Shape, Variable, Variables, method_names,
};
use serde_json::Value;

use crate::page::{Case, Page, Part};

#[test]
fn every_method_has_two_cases_or_more() {
    let mappings: Vec<String> = pages()
        .iter()
        .flat_map(|path| Page::parse(&std::fs::read_to_string(path).unwrap()).parts)
        .filter_map(|part| match part {
            Part::Case(case) => case.get("mapping").map(str::to_owned),
            Part::Prose(_) => None,
        })
        .collect();
    for name in method_names(Dialect::Pleach) {
        let uses = |text: &&String| {
            text.match_indices(&format!("->{name}"))
                .any(|(at, called)| !text[at + called.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        assert!(mappings.iter().filter(uses).count() >= 2, "{name}");
    }
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/cases");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.file_name().is_some_and(|name| name != "README.md"));
    pages.sort();
    pages
}

#[test]
fn every_case_yields_what_its_page_says() {
    let mut wrong = String::new();
    let mut count = 0;
    for path in pages() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut page = Page::parse(&text);
        for part in &mut page.parts {
            let Part::Case(case) = part else { continue };
            count += 1;
            let actual = run(case);
            if actual.render() != case.render() {
                let name = path.file_name().unwrap().to_string_lossy();
                writeln!(wrong, "{name}\n  expected\n{}  found\n{}", case.render(), actual.render()).unwrap();
            }
            *case = actual;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, page.render()).unwrap();
        }
    }
    assert!(count >= 120, "only {count} cases were found");
    assert!(wrong.is_empty() || std::env::var_os("UPDATE").is_some(), "{wrong}");
}

/// The case with what really happens.
fn run(case: &Case) -> Case {
    const GIVEN: [&str; 3] = ["dialect", "mapping", "input"];
    const DESCRIBED: [&str; 4] = ["reads", "shape", "projects", "prints"];
    let mut lines = case.lines.clone();
    lines.retain(|(word, _)| GIVEN.contains(&word.as_str()) || word.starts_with('$'));
    let add = |lines: &mut Vec<_>, word: &str, value: String| lines.push((word.to_owned(), value));

    let text = case.get("mapping").expect("a case has a mapping");
    let mapping = match Mapping::parse(text, dialect(case)) {
        Ok(mapping) => mapping,
        Err(errors) => {
            errors.iter().for_each(|error| add(&mut lines, "error", mistake(text, error)));
            return Case { lines };
        }
    };
    mapping.warnings().iter().for_each(|warning| add(&mut lines, "warning", mistake(text, warning)));

    let outcome = evaluate(&mapping, case);
    let printed = mapping.to_string();
    let again = Mapping::parse(&printed, mapping.dialect()).unwrap_or_else(|errors| panic!("{printed}: {errors:?}"));
    assert_eq!(again.to_string(), printed);
    assert_eq!(evaluate(&again, case).value, outcome.value, "{text} was printed as {printed}");

    for word in DESCRIBED.into_iter().filter(|word| case.get(word).is_some()) {
        let value = match word {
            "reads" => reads(text, &mapping.references()),
            "shape" => shape(mapping.output()),
            "projects" => mapping.projection().map_or("nothing".to_owned(), |projection| projects(&projection)),
            _ => printed.clone(),
        };
        add(&mut lines, word, value);
    }
    if DESCRIBED.iter().all(|word| case.get(word).is_none()) {
        add(&mut lines, "yields", outcome.value.map_or("nothing".to_owned(), |value| value.to_string()));
        for problem in outcome.problems {
            let times = if problem.count == 1 { String::new() } else { format!(" ({} times)", problem.count) };
            let place = slice(text, &problem.range);
            add(&mut lines, "problem", format!("`{place}` at {}: {}{times}", problem.path, problem.message));
        }
    }
    Case { lines }
}

fn dialect(case: &Case) -> Dialect {
    match case.get("dialect") {
        None | Some("pleach") => Dialect::Pleach,
        Some("v0.2") => Dialect::V0_2,
        Some("v0.3") => Dialect::V0_3,
        Some("v0.4") => Dialect::V0_4,
        Some(other) => panic!("there is no dialect {other}"),
    }
}

fn evaluate(mapping: &Mapping, case: &Case) -> Outcome {
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")) };
    let input = case.get("input").map(json);
    let given: Vec<(Variable, Value)> =
        case.lines.iter().filter_map(|(word, value)| Some((Variable::parse(word)?, json(value)))).collect();
    let mut variables = Variables::new();
    given.iter().for_each(|(variable, value)| variables.set(*variable, value));
    mapping.evaluate(input.as_ref(), &variables)
}

fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or("?")
}

fn mistake(text: &str, error: &MappingError) -> String {
    let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{:?} `{}`: {}{help}", error.kind, slice(text, &error.range), error.message)
}

/// `$ { a b { c } }`; a value read as a whole has a `!`.
fn reads(text: &str, references: &References) -> String {
    let input = references.input.as_ref().map(|reference| ("$", reference));
    let variables = references.variables.iter().map(|(variable, reference)| (variable.as_str(), reference));
    let all: Vec<String> = input.into_iter().chain(variables).map(|(name, it)| reference(text, name, it)).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(" ") }
}

fn reference(text: &str, name: &str, reference_: &Reference) -> String {
    let first = slice(text, &reference_.range());
    assert!(first.contains(name) || name == "$" || first == "@", "{name} is not at {first}");
    let keys: Vec<String> = reference_.keys.iter().map(|(key, it)| reference(text, key, it)).collect();
    let whole = if reference_.whole { "!" } else { "" };
    if keys.is_empty() { format!("{name}{whole}") } else { format!("{name}{whole} {{ {} }}", keys.join(" ")) }
}

fn shape(of: &Shape) -> String {
    match of {
        Shape::Copied(copied) => {
            let root = copied.variable.map_or("$", Variable::as_str);
            std::iter::once(root).chain(copied.path.iter().map(|key| key.as_ref())).collect::<Vec<_>>().join(".")
        }
        Shape::String(Some(text)) => format!("{text:?}"),
        Shape::String(None) => "String".to_owned(),
        Shape::Array(element) => format!("[{}]", shape(element)),
        Shape::Tuple(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Shape::Object(fields) => object(fields),
        Shape::Selected(fields) => format!("each {}", object(fields)),
        Shape::OneOf(shapes) => shapes.iter().map(shape).collect::<Vec<_>>().join(" | "),
        other => format!("{other:?}"),
    }
}

fn object(object: &ObjectShape) -> String {
    let fields = object.fields.iter().map(|field| format!("{}: {}", field.name, shape(&field.shape)));
    let all: Vec<String> = fields.chain(object.open.then(|| "…".to_owned())).collect();
    format!("{{ {} }}{}", all.join(", "), if object.nullable { "?" } else { "" })
}

fn projects(projection: &Projection) -> String {
    let mut out = "$".to_owned();
    for step in &projection.path {
        write!(out, ".{}{}", step.key, if step.optional { "?" } else { "" }).unwrap();
    }
    if let Some(fields) = &projection.fields {
        write!(out, " {}", projected(fields)).unwrap();
    }
    out
}

fn projected(fields: &[ProjectedField]) -> String {
    let field = |field: &ProjectedField| match &field.value {
        ProjectedValue::At(value) => format!("{}: {}", field.key, projects(value)),
        ProjectedValue::Made(fields) => format!("{}: {}", field.key, projected(fields)),
    };
    format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}
