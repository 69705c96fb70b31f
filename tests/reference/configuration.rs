//! The Markdown page about the configuration, made from its JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

const HEAD: &str = "\
# Configuration

`pleach serve` reads `pleach.yaml` from the current folder, or the file that `--config` names. Every
setting has a default, so the file may be missing. An unknown key is an error.

- Times are a number and a unit: `250ms`, `2s`, `10m`, `1h`, `1d`.
- Sizes are a number and a unit: `512B`, `64KiB`, `16MiB`, `1GiB`.
- `${NAME}` and `${NAME:-default}` in a value are replaced from the environment, in quotes and between
  `{ … }`, too. A variable that is not set and has no default is an error. `$${` stands for `${`.
- A secret can stand in a file of its own: `\"@/run/secrets/jwt\"`, relative to `pleach.yaml`, and looked
  at for changes like that. One line end after it does not count. A secret that begins with `@` itself
  is written with two of them.
- The environment can set any single value: `PLEACH__LIMITS__DEPTH=12` means `limits.depth`. Two
  underscores separate section and key; the name of a key is read in lower case.
- What counts: the command line over the environment, over the file, over the defaults.

[pleach.schema.json](pleach.schema.json) is the same as a JSON Schema, for editors; `pleach config
schema` prints it. `pleach config show` prints what is in effect, with secrets hidden.

This page is made from the code. `PLEACH_BLESS=1 cargo test --test reference` writes it anew.
";

/// The page.
pub fn page(schema: &Value) -> String {
    let mut page = Page { schema, text: HEAD.to_owned() };
    for (name, section) in properties(schema) {
        page.section(name, section);
    }
    page.text
}

struct Page<'s> {
    schema: &'s Value,
    text: String,
}

/// A setting with settings below it, to be told after its own table.
struct Below<'s> {
    path: String,
    schema: &'s Value,
}

// === impl Page ===

impl<'s> Page<'s> {
    fn section(&mut self, name: &str, section: &'s Value) {
        let _ = writeln!(self.text, "\n## `{name}`\n");
        match self.object_below(name, section) {
            Some(below) => {
                // The struct's own words say more than the field's, unless there are many of them.
                let one = below.path == name;
                let description = description(if one { below.schema } else { section }).unwrap_or_default();
                let _ = writeln!(self.text, "{description}\n");
                if !one {
                    let _ = writeln!(self.text, "Each `{}` has:\n", below.path);
                }
                self.table(&below);
            }
            None => {
                let _ = writeln!(self.text, "{}", description(section).unwrap_or_default());
            }
        }
    }

    fn table(&mut self, object: &Below<'s>) {
        let required: Vec<&str> =
            object.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.text.push_str("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
        let mut below = Vec::new();
        for (key, setting) in properties(object.schema) {
            let path = format!("{}.{key}", object.path);
            let inner = self.object_below(&path, setting);
            let default = match setting.get("default") {
                _ if required.contains(&key.as_str()) => "required".to_owned(),
                None | Some(Value::Null) => "–".to_owned(),
                Some(_) if inner.as_ref().is_some_and(|inner| inner.path == path) => "see below".to_owned(),
                Some(default) => format!("`{}`", inline(default)),
            };
            let meaning = self.meaning(setting);
            let _ = writeln!(self.text, "| `{key}` | {} | {default} | {meaning} |", self.type_name(setting));
            below.extend(inner);
        }
        for object in below {
            let _ = writeln!(self.text, "\n### `{}`\n", object.path);
            if let Some(description) = description(object.schema) {
                let _ = writeln!(self.text, "{description}\n");
            }
            self.table(&object);
        }
    }

    /// The object that a setting is, or that its items or values are, and how it is written.
    fn object_below(&self, path: &str, setting: &'s Value) -> Option<Below<'s>> {
        let setting = self.resolve(setting);
        if setting.get("properties").is_some() {
            return Some(Below { path: path.to_owned(), schema: setting });
        }
        if let Some(items) = setting.get("items") {
            return self.object_below(&format!("{path}[]"), items);
        }
        setting.get("additionalProperties").and_then(|values| self.object_below(&format!("{path}.<name>"), values))
    }

    /// What a reference points to; of `X or null`, X.
    fn resolve(&self, setting: &'s Value) -> &'s Value {
        if let Some(name) = setting["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return self.resolve(&self.schema["$defs"][name]);
        }
        match setting["anyOf"].as_array() {
            Some(options) => {
                options.iter().find(|option| option["type"] != "null").map_or(setting, |it| self.resolve(it))
            }
            None => setting,
        }
    }

    fn type_name(&self, setting: &'s Value) -> String {
        match reference(setting) {
            Some("TimeSpan") => return "time".to_owned(),
            Some("ByteSize") => return "size".to_owned(),
            Some("Secret") => return "secret".to_owned(),
            _ => {}
        }
        let setting = self.resolve(setting);
        if let Some(options) = setting["oneOf"].as_array() {
            let words = options.iter().filter_map(|option| option["const"].as_str());
            return words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        }
        let kind = match &setting["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            kind => kind.as_str(),
        };
        match kind {
            Some("string") => "text".to_owned(),
            Some("integer" | "number") => "number".to_owned(),
            Some("boolean") => "`true`, `false`".to_owned(),
            Some("array") => format!("list of {}", plural(&self.type_name(&setting["items"]))),
            Some("object") if setting.get("properties").is_some() => "section".to_owned(),
            Some("object") => match setting.get("additionalProperties") {
                Some(values @ Value::Object(_)) => format!("{} by name", plural(&self.type_name(values))),
                _ => "anything by name".to_owned(),
            },
            _ => "anything".to_owned(),
        }
    }

    /// The description, with those of an enumeration's words.
    fn meaning(&self, setting: &'s Value) -> String {
        let mut meaning = description(setting).unwrap_or_default().replace('\n', " ");
        for option in self.resolve(setting)["oneOf"].as_array().into_iter().flatten() {
            if let (Some(word), Some(description)) = (option["const"].as_str(), description(option)) {
                let _ = write!(meaning, " `{word}`: {}", lower_first(&description.replace('\n', " ")));
            }
        }
        meaning.replace('|', "\\|")
    }
}

/// The definition a setting refers to, perhaps as one that may be missing.
fn reference(setting: &Value) -> Option<&str> {
    let of = |value: &'_ Value| value["$ref"].as_str().map(str::len);
    let direct = of(setting).is_some().then_some(setting);
    let optional = || setting["anyOf"].as_array()?.iter().find(|option| of(option).is_some());
    direct.or_else(optional)?["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn description(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

fn plural(name: &str) -> String {
    match name {
        "text" => "texts".to_owned(),
        "number" | "time" | "size" | "section" => format!("{name}s"),
        other => other.to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        // An abbreviation stays as it is.
        Some(first) if !characters.as_str().starts_with(|c: char| c.is_uppercase()) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A default on one line, without what is not set.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            format!(
                "{{ {} }}",
                set.map(|(key, value)| format!("{key}: {}", inline(value))).collect::<Vec<_>>().join(", ")
            )
        }
        other => other.to_string(),
    }
}
