//! `docs/architecture.md` as data.

use std::collections::BTreeMap;

/// The two tables of the document.
pub struct Document {
    modules: Vec<Module>,
    fences: BTreeMap<String, Fence>,
}

struct Module {
    name: String,
    pure: bool,
    imports: Vec<String>,
}

/// Where a crate may be named.
pub struct Fence {
    /// Paths below `src/`; `anywhere` for no fence.
    places: Vec<String>,
}

// === impl Document ===

impl Document {
    /// Reads the table below the heading "Modules" and the one below "Third-party crates". A cell
    /// names modules, places and crates in backticks; other words are for the reader.
    pub fn parse(text: &str) -> Self {
        let modules = rows(text, "## Modules")
            .map(|cells| Module {
                name: ticked(&cells[0]).remove(0),
                pure: cells[0].contains("*pure*"),
                imports: ticked(&cells[2]),
            })
            .collect();
        let mut fences = BTreeMap::new();
        for cells in rows(text, "## Third-party crates") {
            for name in ticked(&cells[0]) {
                fences.insert(name.replace('-', "_"), Fence { places: ticked(&cells[1]) });
            }
        }
        let document = Self { modules, fences };
        assert!(document.modules.len() > 10 && document.fences.len() > 10, "the tables were not found");
        document
    }

    /// The names of all modules, from top to bottom.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.name.as_str())
    }

    /// All arrows of the table.
    pub fn granted(&self) -> impl Iterator<Item = (String, String)> {
        self.modules.iter().flat_map(|module| module.imports.iter().map(|to| (module.name.clone(), to.clone())))
    }

    /// Whether the table has this arrow.
    pub fn grants(&self, from: &str, to: &str) -> bool {
        self.modules.iter().any(|module| module.name == from && module.imports.iter().any(|import| import == to))
    }

    /// Whether a module is marked as pure.
    pub fn is_pure(&self, name: &str) -> bool {
        self.modules.iter().any(|module| module.name == name && module.pure)
    }

    /// The module that a file below `src/` belongs to.
    pub fn module_of_file(&self, file: &str) -> Option<&str> {
        self.module_of(file.trim_end_matches(".rs"))
    }

    /// The module that a path below the crate leads into.
    pub fn module_of_path(&self, path: &[String]) -> Option<&str> {
        self.module_of(&path.join("/"))
    }

    fn module_of(&self, path: &str) -> Option<&str> {
        self.modules()
            .filter(|name| path.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            .max_by_key(|name| name.len())
    }

    /// The fence of a crate; none if it is not listed.
    pub fn fence(&self, name: &str) -> Option<&Fence> {
        self.fences.get(name)
    }

    /// All listed crates, as they are named in code.
    pub fn fenced(&self) -> impl Iterator<Item = &str> {
        self.fences.keys().map(String::as_str)
    }
}

// === impl Fence ===

impl Fence {
    /// Whether a file below `src/` may name the crate.
    pub fn allows(&self, file: &str) -> bool {
        self.places.iter().any(|place| {
            place == "anywhere"
                || file
                    .trim_end_matches(".rs")
                    .strip_prefix(place.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The places, for a message.
    pub fn places(&self) -> String {
        self.places.join(", ")
    }
}

/// The rows of the first table below a heading, without its head.
fn rows<'a>(text: &'a str, heading: &'a str) -> impl Iterator<Item = Vec<String>> + 'a {
    text.lines()
        .skip_while(move |line| *line != heading)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
}

fn ticked(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
