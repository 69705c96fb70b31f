//! From files and environment to a [`Config`]: defaults < file < environment.

use std::collections::HashMap;

use serde_json::Value;

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap, Span};

use super::tree::Config;

/// Variables with this prefix override single settings: `PLEACH__LIMITS__DEPTH=12`.
const OVERRIDE_PREFIX: &str = "PLEACH__";

/// The process's environment, read once and passed on.
pub type Environment = HashMap<String, String>;

/// Reads a configuration file, if there is one, and applies what the environment overrides.
/// `${NAME}` and `${NAME:-default}` in plain scalars are replaced from `environment`.
///
/// # Errors
/// `CONFIG_INVALID` at the place of the mistake, or naming the variable that makes it; values taken
/// from the environment are not shown.
pub fn load(sources: &SourceMap, file: Option<FileId>, environment: &Environment) -> Result<Config, Vec<Diagnostic>> {
    let text = file.and_then(|file| sources.file(file)).map_or("", |file| &file.text);
    let config = match file {
        Some(file) => read_yaml(sources, file, Some(environment), "CONFIG_INVALID").map_err(|mistake| vec![mistake])?,
        None => None,
    };
    let config = config.unwrap_or_default();
    let mut overrides: Vec<_> = environment.iter().filter(|(name, _)| name.starts_with(OVERRIDE_PREFIX)).collect();
    if overrides.is_empty() {
        return Ok(config);
    }
    overrides.sort();
    let tree: Option<Value> = parse(text, Some(environment)).ok().flatten();
    with_overrides(config, tree.unwrap_or(Value::Null), &overrides)
}

/// Reads a YAML file as `T`; `None` when there is nothing in it. With an `environment`, `${NAME}` and
/// `${NAME:-default}` in plain scalars are replaced from it.
///
/// # Errors
/// `code`, at the place of the mistake.
pub fn read_yaml<T: serde::de::DeserializeOwned>(
    sources: &SourceMap,
    file: FileId,
    environment: Option<&Environment>,
    code: &'static str,
) -> Result<Option<T>, Diagnostic> {
    let text = sources.file(file).map_or("", |file| &file.text);
    parse(text, environment).map_err(|error| diagnostic(&error, file, text, code))
}

fn parse<T: serde::de::DeserializeOwned>(
    text: &str,
    environment: Option<&Environment>,
) -> Result<Option<T>, Box<serde_saphyr::Error>> {
    let options = serde_saphyr::options! {};
    let options = match environment {
        Some(environment) => options.with_properties(environment.clone()),
        None => options,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(Box::new)
}

/// Sets single values in the file's tree and reads the whole again, so that a variable is judged
/// by the same rules as the file.
fn with_overrides(
    config: Config,
    mut tree: Value,
    overrides: &[(&String, &String)],
) -> Result<Config, Vec<Diagnostic>> {
    let (mut config, mut diagnostics) = (config, Vec::new());
    for (name, text) in overrides {
        match with_override(&tree, name, text) {
            Ok((changed, read)) => (tree, config) = (changed, read),
            Err(reason) => diagnostics.push(
                Diagnostic::error("CONFIG_INVALID", format!("environment variable {name}: {reason}"))
                    .help("section and key are separated by two underscores: PLEACH__LIMITS__DEPTH=12"),
            ),
        }
    }
    if diagnostics.is_empty() { Ok(config) } else { Err(diagnostics) }
}

fn with_override(tree: &Value, name: &str, text: &str) -> Result<(Value, Config), String> {
    // A value that reads as YAML (a number, a list) is one; anything else is text.
    let as_yaml: Option<Value> = serde_saphyr::from_str(text).ok();
    let mut reason = String::new();
    for value in as_yaml.into_iter().chain([Value::String(text.to_owned())]) {
        let mut tree = tree.clone();
        *setting(&mut tree, name)? = value;
        match serde_json::from_value(tree.clone()) {
            Ok(config) => return Ok((tree, config)),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}

/// The place in the tree that a variable's name means.
fn setting<'a>(tree: &'a mut Value, name: &str) -> Result<&'a mut Value, String> {
    let mut place = tree;
    for key in name[OVERRIDE_PREFIX.len()..].split("__") {
        let key = key.to_lowercase();
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = match place {
            Value::Object(section) => section.entry(key).or_insert(Value::Null),
            _ => return Err(format!("\"{key}\" would be below a single setting")),
        };
    }
    Ok(place)
}

fn diagnostic(error: &serde_saphyr::Error, file: FileId, text: &str, code: &'static str) -> Diagnostic {
    let error = error.without_snippet();
    let message = error.to_string();
    let span = error.location().and_then(|location| {
        let span = location.span();
        let start = span.byte_offset()? as usize;
        let len = span.byte_len().unwrap_or(1) as usize;
        (start <= text.len()).then(|| Span::new(file, start, (start + len).min(text.len())))
    });
    let diagnostic = Diagnostic::error(code, message);
    match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic.at(Span::new(file, 0, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let mut sources = SourceMap::new();
        let file = sources.add("pleach.yaml", text);
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        super::load(&sources, Some(file), &environment)
            .map_err(|diagnostics| diagnostics.iter().map(|d| d.render(&sources)).collect())
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(read("", &[]), Ok(Config::default()));
        assert_eq!(read("# nothing\n", &[]), Ok(Config::default()));
    }

    #[test]
    fn expands_the_environment_and_lets_variables_override_the_file() {
        let config = read(
            "listen:\n  address: ${ADDRESS:-127.0.0.1:5000}\nlimits:\n  depth: ${DEPTH}\n  body: 2MiB\n",
            &[("DEPTH", "7"), ("PLEACH__LIMITS__BODY", "3MiB"), ("PLEACH__LIMITS__ALIASES", "4")],
        )
        .expect("good");
        assert_eq!(config.listen.address.port(), 5000);
        assert_eq!((config.limits.depth, config.limits.body.0, config.limits.aliases), (7, 3 << 20, 4));
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let error = read("limits:\n  depth: 7\n  dephts: 8\n", &[]).expect_err("unknown key");
        assert!(error.starts_with("pleach.yaml:3:3: error[CONFIG_INVALID]"), "{error}");
        assert!(error.contains("dephts"), "{error}");
        let error = read("limits:\n  deadline: 3 weeks\n", &[]).expect_err("bad duration");
        assert!(error.starts_with("pleach.yaml:2:13: error[CONFIG_INVALID]"), "{error}");
        let error = read("listen: { address: nowhere }", &[]).expect_err("bad address");
        assert!(error.contains("pleach.yaml:1:"), "{error}");
        let error = read("", &[("PLEACH__LIMITS__DEPHT", "1")]).expect_err("unknown variable");
        assert!(error.contains("PLEACH__LIMITS__DEPHT") && error.contains("depht"), "{error}");
    }

    #[test]
    fn secrets_of_the_environment_are_not_shown_in_mistakes() {
        let error = read("limits:\n  depth: ${SECRET}\n", &[("SECRET", "hunter2")]).expect_err("not a number");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
