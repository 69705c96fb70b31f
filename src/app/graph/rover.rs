//! The list of subgraphs that Rover's `supergraph compose` reads.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use crate::app::config::load::{Environment, read_yaml};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::setting::{Mistake, Step};
use crate::platform::base::span::{FileId, SourceMap, Span};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverFile {
    federation_version: Option<serde_json::Value>,
    subgraphs: IndexMap<String, RoverSubgraph>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverSubgraph {
    routing_url: Option<String>,
    schema: RoverSchema,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoverSchema {
    file: Option<PathBuf>,
    sdl: Option<String>,
    subgraph_url: Option<String>,
    #[serde(default)]
    introspection_headers: IndexMap<String, String>,
}

const INVALID: &str = "SUBGRAPH_LIST_INVALID";

/// One subgraph of the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) sdl: Sdl,
    /// Where the list has it.
    pub(super) span: Span,
    /// Where the list says where its SDL is.
    pub(super) sdl_span: Span,
}

/// Where a subgraph's SDL is.
#[derive(Debug)]
pub(super) enum Sdl {
    File(PathBuf),
    Text(String),
    /// Asked of the subgraph itself, with these headers.
    Remote(String, IndexMap<String, String>),
}

// === impl RoverSubgraph ===

impl RoverSubgraph {
    /// Replaces `${env.NAME}` and `${NAME}`; tells which variables are missing, and where.
    fn expand(&mut self, environment: &Environment) -> Vec<Mistake> {
        let mut missing = Vec::new();
        let mut expanded = |text: &str, path: &[&str]| {
            expand(text, environment).map_err(|name| {
                missing.push(Mistake::at(path.iter().copied(), format!("the environment has no {name}")));
            })
        };
        let schema = &mut self.schema;
        let texts = [
            (&mut self.routing_url, ["routing_url"].as_slice()),
            (&mut schema.subgraph_url, &["schema", "subgraph_url"]),
        ];
        for (text, path) in texts {
            if let Some(text) = text {
                *text = expanded(text, path).unwrap_or_default();
            }
        }
        for (name, text) in &mut schema.introspection_headers {
            *text = expanded(text, &["schema", "introspection_headers", name]).unwrap_or_default();
        }
        if let Some(file) = &mut schema.file {
            *file = expanded(&file.to_string_lossy(), &["schema", "file"]).unwrap_or_default().into();
        }
        missing
    }
}

/// The text with its variables replaced; `:-` gives a default.
fn expand(text: &str, environment: &Environment) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (inside, after))) =
        rest.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, text)| (name, Some(text)));
        let name = name.strip_prefix("env.").unwrap_or(name);
        let value = environment.get(name).map(String::as_str).or(default).ok_or_else(|| name.to_owned())?;
        expanded += before;
        expanded += value;
        rest = after;
    }
    Ok(expanded + rest)
}

/// Reads the list in `file`; paths in it are relative to `folder`. `${NAME}` and `${env.NAME}` are
/// replaced from `environment`.
///
/// # Errors
/// `SUBGRAPH_LIST_INVALID` at the place of the mistake, `UNSUPPORTED_FEDERATION_VERSION`.
pub(super) fn read(
    files: &SourceMap,
    file: FileId,
    folder: &Path,
    environment: &Environment,
) -> Result<Vec<Listed>, Vec<Diagnostic>> {
    let whole = Span::new(file, 0, 0);
    let (list, places): (RoverFile, _) = match read_yaml(files, file, INVALID)? {
        Some(list) => list,
        None => return Err(vec![Diagnostic::error(INVALID, "the list is empty; it needs `subgraphs`").at(whole)]),
    };
    let mut mistakes = Vec::new();
    let invalid = |mistake: Mistake| places.told(&Mistake { code: INVALID, ..mistake });
    let span = |path: &[Step]| places.span(path).unwrap_or(whole);
    if let Some(version) = list.federation_version.as_ref().filter(|version| !is_version_2(version)) {
        let message = format!("federation_version {version} is not supported; only version 2 is");
        let at = span(&["federation_version".into()]);
        mistakes.push(Diagnostic::error("UNSUPPORTED_FEDERATION_VERSION", message).at(at));
    }
    let mut listed = Vec::new();
    for (name, mut subgraph) in list.subgraphs {
        let path = [Step::from("subgraphs"), Step::from(&name)];
        let missing = subgraph.expand(environment);
        if !missing.is_empty() {
            mistakes.extend(missing.into_iter().map(|mistake| invalid(mistake.below(path.clone()))));
            continue;
        }
        let RoverSubgraph { routing_url, schema } = subgraph;
        let (sdl, key) = match (schema.file, schema.sdl, schema.subgraph_url.clone()) {
            (Some(file), None, None) => (Sdl::File(folder.join(file)), "file"),
            (None, Some(text), None) => (Sdl::Text(text), "sdl"),
            (None, None, Some(url)) => (Sdl::Remote(url, schema.introspection_headers), "subgraph_url"),
            _ => {
                let mistake = Mistake::at(["schema"], "exactly one of file, sdl and subgraph_url is needed");
                mistakes.push(invalid(mistake.below(path)));
                continue;
            }
        };
        let url = routing_url.or(schema.subgraph_url).unwrap_or_default();
        let sdl_span = span(&[path.as_slice(), &["schema".into(), key.into()]].concat());
        listed.push(Listed { name, url, sdl, span: span(&path), sdl_span });
    }
    if mistakes.is_empty() { Ok(listed) } else { Err(mistakes) }
}

/// `2`, `"2"`, `"2.11.0"`, `"=2.11.0"`.
fn is_version_2(version: &serde_json::Value) -> bool {
    let text = match version {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = text.trim_start_matches('=').trim_start_matches('v');
    text == "2" || text.starts_with("2.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Vec<Listed>, String> {
        let mut files = SourceMap::new();
        let file = files.add("supergraph.yaml", text);
        let environment = [("HOST".to_owned(), "h:1".to_owned())].into();
        read(&files, file, Path::new("dir"), &environment)
            .map_err(|found| found.iter().map(|finding| finding.render(&files)).collect())
    }

    #[test]
    fn reads_what_rover_reads() {
        let list = listed(
            "federation_version: =2.11.0\nsubgraphs:\n  a:\n    routing_url: http://${env.HOST}/a\n    schema:\n      file: ./a.graphql\n  b:\n    schema:\n      subgraph_url: http://b/\n",
        )
        .expect("good");
        assert_eq!(list.iter().map(|one| &*one.url).collect::<Vec<_>>(), ["http://h:1/a", "http://b/"]);
        assert!(matches!(&list[0].sdl, Sdl::File(path) if path == Path::new("dir/./a.graphql")));
        assert!(matches!(&list[1].sdl, Sdl::Remote(url, _) if url == "http://b/"));
    }

    #[test]
    fn variables_are_replaced_or_missed() {
        let environment = [("A".to_owned(), "1".to_owned())].into();
        assert_eq!(expand("x${A}y${env.A}${B:-2}${", &environment), Ok("x1y12${".to_owned()));
        assert_eq!(expand("${env.B}", &environment), Err("B".to_owned()));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(listed("").expect_err("empty").contains("SUBGRAPH_LIST_INVALID"));
        assert!(listed("federation_version: 1\nsubgraphs: {}").expect_err("v1").contains("federation_version 1"));
        let both = listed("subgraphs:\n  a:\n    schema: { file: x, sdl: y }\n").expect_err("two places");
        assert!(both.contains("exactly one"), "{both}");
        let unknown = listed("subgraphs:\n  a:\n    url: x\n    schema: { file: x }\n").expect_err("unknown key");
        assert!(unknown.starts_with("supergraph.yaml:3:5:"), "{unknown}");
    }
}
