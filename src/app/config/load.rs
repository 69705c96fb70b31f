//! From files and environment to a [`Config`]: defaults < file < environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap};

use super::decode::{SecretFiles, decode, placed};
use super::expand::{Problem, expand};
use super::places::Places;
use super::tree::Config;
use super::yaml::{self, Content, Key, Node, Origin, Scalar};

/// Variables with this prefix override single settings: `PLEACH__LIMITS__DEPTH=12`.
const OVERRIDE_PREFIX: &str = "PLEACH__";
const INVALID: &str = "CONFIG_INVALID";

/// The process's environment, read once and passed on.
pub type Environment = HashMap<String, String>;

/// A configuration, and what was found in it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What could be read; a setting with a mistake has its default.
    pub config: Config,
    /// Where each setting was written.
    pub places: Places,
    /// `CONFIG_INVALID` at the place of each mistake, or naming the variable that makes it; values
    /// taken from the environment are not shown.
    pub mistakes: Vec<Diagnostic>,
    /// Files with secrets, whether they could be read or not.
    pub secret_files: Vec<PathBuf>,
    /// Whether the whole could be read, so that what is not in it is not there.
    pub is_whole: bool,
}

/// Reads a configuration file, if there is one, and applies what the environment overrides.
/// `${NAME}` and `${NAME:-default}` are replaced from `environment`; a secret `@file` is read,
/// relative to `folder`.
pub fn load(sources: &SourceMap, file: Option<FileId>, folder: &Path, environment: &Environment) -> Loaded {
    let mut loaded = Loaded { is_whole: true, ..Loaded::default() };
    let mut tree = None;
    if let Some(file) = file {
        match yaml::parse(sources.file(file).map_or("", |file| &file.text), file, INVALID) {
            Ok(parsed) => tree = parsed,
            Err(mistake) => {
                loaded.mistakes.push(mistake);
                loaded.is_whole = false;
            }
        }
    }
    if let Some(tree) = &mut tree {
        replace(tree, sources, environment, &mut loaded.mistakes);
    }
    let mut overrides: Vec<_> = environment.iter().filter(|(name, _)| name.starts_with(OVERRIDE_PREFIX)).collect();
    overrides.sort();
    for (name, text) in overrides {
        let root = tree.get_or_insert_with(|| empty(Origin::Variable(name.clone())));
        if let Err(reason) = set(root, name, text) {
            loaded.mistakes.push(placed(INVALID, reason, &Origin::Variable(name.clone())));
        }
    }
    let secrets = SecretFiles { folder: folder.to_path_buf(), ..SecretFiles::default() };
    if let Some(tree) = &mut tree {
        let (config, found) = decode(tree, INVALID, &secrets);
        loaded.config = config;
        loaded.mistakes.extend(found);
    }
    loaded.secret_files = secrets.read.into_inner();
    loaded.places = Places::new(tree, file);
    loaded
}

/// Reads a YAML file as `T`, as it is written; `None` when there is nothing in it.
///
/// # Errors
/// `code`, at the place of each mistake.
pub fn read_yaml<T: DeserializeOwned + Default>(
    sources: &SourceMap,
    file: FileId,
    code: &'static str,
) -> Result<Option<(T, Places)>, Vec<Diagnostic>> {
    let text = sources.file(file).map_or("", |file| &file.text);
    let Some(mut tree) = yaml::parse(text, file, code).map_err(|mistake| vec![mistake])? else { return Ok(None) };
    let (value, mistakes) = decode(&mut tree, code, &SecretFiles::default());
    if mistakes.is_empty() { Ok(Some((value, Places::new(Some(tree), Some(file))))) } else { Err(mistakes) }
}

/// Replaces `${…}` everywhere; what cannot be replaced is told and refused.
fn replace(node: &mut Node, sources: &SourceMap, environment: &Environment, mistakes: &mut Vec<Diagnostic>) {
    match &mut node.content {
        Content::List(items) => items.iter_mut().for_each(|item| replace(item, sources, environment, mistakes)),
        Content::Map(entries) => {
            entries.iter_mut().for_each(|(_, node)| replace(node, sources, environment, mistakes));
        }
        Content::Scalar(scalar) => {
            if let Err((hole, problem)) = expand(scalar, environment) {
                let finding = match problem {
                    Problem::Unset(name) => {
                        placed(INVALID, format!("the environment has no {name}"), &inside(&node.origin, sources, &hole))
                            .help(format!("set it, or write ${{{name}:-default}}"))
                    }
                    Problem::Form => {
                        let message = "a variable is written ${NAME} or ${NAME:-default}".to_owned();
                        placed(INVALID, message, &inside(&node.origin, sources, &hole))
                            .help("where ${ is meant as it stands, write $${")
                    }
                };
                mistakes.push(finding);
                node.refused = true;
            }
        }
    }
}

/// Where `hole` stands in a value.
fn inside(origin: &Origin, sources: &SourceMap, hole: &str) -> Origin {
    match origin {
        Origin::File(span) => match sources.slice(*span).find(hole) {
            Some(at) => Origin::File(span.within(at, at + hole.len())),
            None => origin.clone(),
        },
        Origin::Variable(_) => origin.clone(),
    }
}

fn empty(origin: Origin) -> Node {
    Node::new(origin, Content::Map(Vec::new()))
}

/// Sets what a variable's name means in the tree.
fn set(tree: &mut Node, name: &str, text: &str) -> Result<(), String> {
    let origin = Origin::Variable(name.to_owned());
    let mut place = tree;
    for key in name[OVERRIDE_PREFIX.len()..].split("__") {
        let key = key.to_lowercase();
        if place.is_null() {
            place.content = Content::Map(Vec::new());
        }
        let Content::Map(entries) = &mut place.content else {
            return Err(format!("\"{key}\" would be below a single setting"));
        };
        let at = entries.iter().position(|(own, _)| own.text == key).unwrap_or_else(|| {
            entries.push((Key { text: key, origin: origin.clone() }, Node::new(origin.clone(), nothing())));
            entries.len() - 1
        });
        place = &mut entries[at].1;
    }
    *place = value(text, &origin);
    Ok(())
}

fn nothing() -> Content {
    Content::Scalar(Scalar::plain(""))
}

/// A variable's value: text that may be a number or the like; or a list or section where it reads as
/// one, and is not meant as text.
fn value(text: &str, origin: &Origin) -> Node {
    let read = yaml::parse(text, FileId(u32::MAX), INVALID).ok().flatten();
    let quoted = text.starts_with(['"', '\'']);
    let content = match read {
        Some(node) if quoted || !matches!(node.content, Content::Scalar(_)) => relocated(node, origin).content,
        _ => Content::Scalar(Scalar::plain(text)),
    };
    Node { raw: Some(text.to_owned()), ..Node::new(origin.clone(), content) }
}

fn relocated(mut node: Node, origin: &Origin) -> Node {
    node.origin = origin.clone();
    node.content = match node.content {
        Content::List(items) => Content::List(items.into_iter().map(|item| relocated(item, origin)).collect()),
        Content::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, node)| (Key { origin: origin.clone(), ..key }, relocated(node, origin)))
                .collect(),
        ),
        scalar => scalar,
    };
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let mut sources = SourceMap::new();
        let file = sources.add("pleach.yaml", text);
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let loaded = super::load(&sources, Some(file), Path::new(""), &environment);
        if loaded.mistakes.is_empty() {
            return Ok(loaded.config);
        }
        Err(loaded.mistakes.iter().map(|mistake| mistake.render(&sources)).collect())
    }

    fn secret(value: &str, environment: &[(&str, &str)]) -> Result<String, String> {
        let config = read(&format!("graph: {{ cursor_key: {value} }}"), environment)?;
        Ok(config.graph.cursor_key.map(|key| key.reveal().to_owned()).unwrap_or_default())
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(read("", &[]), Ok(Config::default()));
        assert_eq!(read("# nothing\n", &[]), Ok(Config::default()));
        assert_eq!(read("limits:\nheaders:\n  propagate:\n", &[]), Ok(Config::default()));
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
    fn variables_are_replaced_in_quotes_and_between_braces() {
        for value in ["${K}", "\"${K}\"", "'${K}'", "${NONE:-a, {b]}", "\"x${K}\""] {
            let expected = match value {
                "${NONE:-a, {b]}" => "a, {b]",
                "\"x${K}\"" => "xs3cret",
                _ => "s3cret",
            };
            assert_eq!(secret(value, &[("K", "s3cret")]).as_deref(), Ok(expected), "{value}");
        }
        assert_eq!(secret("\"$${K}\"", &[("K", "s3cret")]).as_deref(), Ok("${K}"));
        let depth = read("limits: { depth: \"${DEPTH}\" }", &[("DEPTH", "7")]).expect("good").limits.depth;
        assert_eq!(depth, 7);
    }

    #[test]
    fn a_variable_that_is_not_set_is_told_at_its_place() {
        let error = secret("\"ab${NOPE}\"", &[]).expect_err("not set");
        assert!(error.starts_with("pleach.yaml:1:25: error[CONFIG_INVALID]: the environment has no NOPE"), "{error}");
        assert!(error.contains("                        ^^^^^^^\n"), "{error}");
        let error = secret("\"${NOPE\"", &[]).expect_err("not closed");
        assert!(error.contains("$${"), "{error}");
    }

    #[test]
    fn secrets_come_from_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        std::fs::write(&file, "s3cret\n\n").expect("a file");
        let named = format!("\"@{}\"", file.display());
        assert_eq!(secret(&named, &[]).as_deref(), Ok("s3cret\n"));
        assert_eq!(
            secret("\"@${DIR}/key\"", &[("DIR", &folder.path().display().to_string())]).as_deref(),
            Ok("s3cret\n")
        );
        assert_eq!(secret("\"@@x\"", &[]).as_deref(), Ok("@x"));
        // Who sets the variable does not choose files.
        assert_eq!(secret("${K}", &[("K", "@/etc/passwd")]).as_deref(), Ok("@/etc/passwd"));
        let error = secret("\"@/does/not/exist\"", &[]).expect_err("no file");
        assert!(error.starts_with("pleach.yaml:1:22: error[CONFIG_INVALID]"), "{error}");
        assert!(error.contains("/does/not/exist"), "{error}");
        let variable = ("PLEACH__GRAPH__CURSOR_KEY", &*format!("@{}", file.display()));
        let config = read("", &[variable]).expect("good");
        assert_eq!(config.graph.cursor_key.expect("a key").reveal(), "s3cret\n");
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let error = read("limits:\n  depth: 7\n  dephts: 8\n", &[]).expect_err("unknown key");
        assert!(error.starts_with("pleach.yaml:3:3: error[CONFIG_INVALID]"), "{error}");
        assert!(error.contains("dephts"), "{error}");
        let error = read("limits:\n  deadline: 3 weeks\n", &[]).expect_err("bad duration");
        assert!(error.starts_with("pleach.yaml:2:13: error[CONFIG_INVALID]"), "{error}");
        let error = read("listen: { address: nowhere }", &[]).expect_err("bad address");
        assert!(error.contains("pleach.yaml:1:20"), "{error}");
        let error = read("limits: [1]", &[]).expect_err("not a section");
        assert!(error.starts_with("pleach.yaml:1:1:") && error.contains("expected a section"), "{error}");
        let error = read("auth: { jwt: { issuers: [{ audience: [a] }] } }", &[]).expect_err("a key is missing");
        assert!(error.starts_with("pleach.yaml:1:26:") && error.contains("\"issuer\" is missing"), "{error}");
        for text in ["a: [", "a: 1\na: 2\n", "- 1\n", "a: !x 1\n", "--- {}\n--- {}\n", "a: *b\n"] {
            assert!(read(text, &[]).expect_err(text).starts_with("pleach.yaml:"), "{text}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "limits: { deadline: 5x, body: 1MB, depth: -1, tokens: ${NOPE} }\nlistne: 1\n\
                    auth: { jwt: { issuers: [{ issuer: a, refresh: b }] } }\n";
        let error = read(text, &[("PLEACH__HTTP__COMPRESSION", "maybe")]).expect_err("many");
        let places: Vec<&str> = error.lines().filter(|line| line.contains("error[")).collect();
        for place in ["1:55:", "1:21:", "1:31:", "1:43:", "2:1:", "3:48:"] {
            assert!(places.iter().any(|line| line.starts_with(&format!("pleach.yaml:{place}"))), "{place} {error}");
        }
        assert!(error.contains("environment variable PLEACH__HTTP__COMPRESSION: unknown value \"maybe\""), "{error}");
        assert_eq!(places.len(), 7, "{error}");
    }

    #[test]
    fn variables_behind_settings_are_named() {
        let error = read("", &[("PLEACH__LIMITS__DEPHT", "1")]).expect_err("unknown variable");
        assert!(error.contains("PLEACH__LIMITS__DEPHT") && error.contains("depht"), "{error}");
        let error = read("limits: { depth: 1 }", &[("PLEACH__LIMITS__DEPTH__X", "1")]).expect_err("too deep");
        assert!(error.contains("PLEACH__LIMITS__DEPTH__X"), "{error}");
        let config = read("", &[("PLEACH__HEADERS__PROPAGATE", "[a, b]"), ("PLEACH__GRAPH__CURSOR_KEY", "[a, b]")]);
        let config = config.expect("good");
        assert_eq!(config.headers.propagate, ["a", "b"]);
        assert_eq!(config.graph.cursor_key.expect("a key").reveal(), "[a, b]");
    }

    #[test]
    fn keys_are_named_although_variables_stand_before_them() {
        let error = read("listen:\n  path: ${P}\n  prot: 1\n", &[("P", "/x")]).expect_err("unknown key");
        assert!(error.starts_with("pleach.yaml:3:3:") && error.contains("unknown key \"prot\""), "{error}");
    }

    #[test]
    fn anchors_and_merged_sections_are_understood_within_bounds() {
        let config = read("limits: &l { depth: 7 }\nsources:\n  a: &a { url: x }\n  b: { <<: *a, url: y }\n", &[]);
        let config = config.expect("good");
        assert_eq!(config.sources["b"].url.as_deref(), Some("y"));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(read(&bomb, &[]).expect_err("too much").contains("too many values"));
    }

    #[test]
    fn secrets_of_the_environment_are_not_shown_in_mistakes() {
        for text in
            ["limits:\n  depth: ${SECRET}\n", "limits: { deadline: ${SECRET} }", "listen: { address: '${SECRET}' }"]
        {
            let error = read(text, &[("SECRET", "hunter2")]).expect_err("not fit");
            assert!(!error.contains("hunter2") && error.contains("${SECRET}"), "{error}");
        }
        let error = read("graph: { cursor_key: [hunter2] }", &[]).expect_err("a list");
        assert!(!error.lines().next().unwrap_or("").contains("hunter2"), "{error}");
    }
}
