//! Mistakes of the configuration, of secrets and of the graph: all of them at once, each at its place.

use std::path::{Path, PathBuf};

use pleach::app::assemble::{Assembled, Assembler};
use pleach::app::graph::Unloaded;
use pleach::app::settings::{Base, Overrides, Settings};
use pleach::platform::base::span::SourceMap;

use crate::harness::variables;

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "http://api" })
type Query {
  word: String @connect(source: "api", http: { GET: "/word" }, selection: "$.word")
}
"#;

struct Found {
    text: String,
    watched: Vec<PathBuf>,
}

/// Writes files and reads the graph of them.
async fn read(folder: &Path, files: &[(&str, &str)], environment: &[(&str, String)]) -> Found {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let environment = variables(environment);
    let base = Base::File(folder.join("pleach.yaml"));
    let settings = Settings { base, overrides: Overrides::default(), environment };
    let mut files = SourceMap::new();
    let settled = settings.read(&mut files);
    let assembler = Assembler::new(Vec::new(), settings.environment.clone());
    let (Ok(Assembled { files, findings, watched, .. }) | Err(Unloaded { files, findings, watched })) =
        settled.assemble(&assembler, files).await;
    let text: String = findings.iter().map(|finding| finding.render(&files)).collect();
    Found { text: text.replace(&format!("{}/", folder.display()), ""), watched }
}

fn assert_places(found: &Found, places: &[(&str, &str)]) {
    let heads: Vec<&str> = found.text.lines().filter(|line| line.contains("error[")).collect();
    for (place, about) in places {
        let told = heads.iter().any(|line| line.starts_with(place) && line.contains(about));
        assert!(told, "nothing at {place} about {about}:\n{}", found.text);
    }
    assert_eq!(heads.len(), places.len(), "{}", found.text);
}

#[tokio::test]
async fn every_mistake_of_a_setting_has_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = r#"listen: { path: graphql }
graph:
  cursor_key: short
auth:
  jwt:
    issuers:
      - issuer: a
        keys: [{ secret: "${SECRET}" }, { pem: nonsense }, { kid: x }, { pem_file: none.pem }]
        algorithms: [RS256, XS1]
      - issuer: a
    from: [{ header: a, cookie: b }]
  policies: { p: "claims. ==" }
headers:
  propagate: [x-a, "a b"]
  insert: { host: x, x-b: "a\u0007" }
  claims: { sub: "x y" }
http:
  cors: { origins: ["http://a", "http://b/"], headers: ["b b"] }
sources:
  nope: { url: "http://x" }
  words.api: { url: "nonsense" }
telemetry: { logs: { level: "a=b=c" } }
limits: { depth: x }
"#;
    let files = [("pleach.yaml", config), ("schema/words.graphql", SCHEMA)];
    let found = read(folder.path(), &files, &[("SECRET", "hunter2".into())]).await;
    assert_places(
        &found,
        &[
            ("pleach.yaml:1:17:", "listen.path: \"graphql\" is no path"),
            ("pleach.yaml:3:15:", "graph.cursor_key: this has fewer than 32 bytes"),
            ("pleach.yaml:8:26:", "keys[0].secret: the secret has 7 bytes"),
            ("pleach.yaml:8:48:", "keys[1].pem: it is not a PEM text"),
            ("pleach.yaml:8:60:", "keys[2]: exactly one of"),
            ("pleach.yaml:8:84:", "keys[3].pem_file: none.pem"),
            ("pleach.yaml:9:29:", "algorithms[1]: unknown algorithm"),
            ("pleach.yaml:10:17:", "is listed twice"),
            ("pleach.yaml:10:9:", "neither keys nor jwks"),
            ("pleach.yaml:11:12:", "auth.jwt.from[0]"),
            ("pleach.yaml:12:18:", "auth.policies.p"),
            ("pleach.yaml:14:20:", "headers.propagate[1]"),
            ("pleach.yaml:15:19:", "headers.insert.host"),
            ("pleach.yaml:15:27:", "headers.insert.x-b"),
            ("pleach.yaml:16:18:", "headers.claims.sub"),
            ("pleach.yaml:18:33:", "http.cors.origins[1]"),
            ("pleach.yaml:18:57:", "http.cors.headers[0]"),
            ("pleach.yaml:20:3:", "sources.nope: the graph has no such"),
            ("pleach.yaml:21:21: error[INVALID_URL]", "sources.words.api.url"),
            ("pleach.yaml:22:29:", "telemetry.logs.level"),
            ("pleach.yaml:23:18:", "expected a whole number"),
        ],
    );
    assert!(!found.text.contains("hunter2"), "{}", found.text);
}

#[tokio::test]
async fn addresses_are_shown_where_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = "type Query { a: Int }";
    let config = "sources: { words.api: { url: nonsense } }\n";
    let files = [("pleach.yaml", config), ("schema/words.graphql", SCHEMA), ("schema/plain.graphql", plain)];
    let found = read(folder.path(), &files, &[]).await;
    assert_places(
        &found,
        &[
            ("pleach.yaml:1:30: error[INVALID_URL]", "sources.words.api.url"),
            ("schema/plain.graphql:1:1: error[INVALID_URL]", "\"plain\" has no URL"),
        ],
    );
}

#[tokio::test]
async fn mistakes_of_the_graph_and_of_the_configuration_are_told_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = SCHEMA.replace("source: \"api\"", "source: \"apy\"") + "type T @key(fields: \"nope\") { id: ID }\n";
    let config = "graph: { cursor_key: short }\nlimits: { depth: x, dephts: 1 }\n";
    let files = [("pleach.yaml", config), ("schema/words.graphql", &*schema)];
    let found = read(folder.path(), &files, &[("PLEACH__HTTP__CORS__ORIGINS", "[x]".into())]).await;
    assert_places(
        &found,
        &[
            ("pleach.yaml:1:22:", "graph.cursor_key"),
            ("pleach.yaml:2:18:", "expected a whole number"),
            ("pleach.yaml:2:21:", "unknown key \"dephts\""),
            ("error[CONFIG_INVALID]: environment variable PLEACH__HTTP__CORS__ORIGINS", "http.cors.origins[0]"),
            ("schema/words.graphql:7:", "SOURCE_NAME_MISMATCH"),
            ("schema/words.graphql:9:", "KEY_INVALID_FIELDS"),
            ("schema/words.graphql:9:", "MISSING_ENTITY_CONNECTOR"),
            ("schema/words.graphql:9:", "CONNECTORS_UNRESOLVED_FIELD"),
        ],
    );
}

#[tokio::test]
async fn the_graph_is_named_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "graph: { schema: a, subgraphs: b }\n";
    let found = read(folder.path(), &[("pleach.yaml", config)], &[]).await;
    assert_places(&found, &[("pleach.yaml:1:32:", "give only one of schema, supergraph and subgraphs")]);
}

#[tokio::test]
async fn what_a_list_of_subgraphs_names_is_shown_in_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = "subgraphs:\n  a:\n    schema: { file: none.graphql }\n  b:\n    schema: { subgraph_url: http://127.0.0.1:9/ }\n  \
                c: { schema: { sdl: \"type Query { c: Int }\" } }\n";
    let files = [("pleach.yaml", "graph: { subgraphs: list.yaml }\n"), ("list.yaml", list)];
    let found = read(folder.path(), &files, &[]).await;
    assert_places(&found, &[("list.yaml:3:21:", "FILE_UNREADABLE"), ("list.yaml:5:29:", "SUBGRAPH_UNREACHABLE")]);
    let list = "subgraphs:\n  c: { schema: { sdl: \"type Query { c: Int }\" } }\n";
    let found = read(folder.path(), &[("list.yaml", list)], &[]).await;
    assert_places(&found, &[("list.yaml:2:3:", "\"c\" has no URL")]);
    let list = "subgraphs:\n  c: { routing_url: \"http://${env.NOPE}\", schema: { file: \"${NOPE}/x\" } }\nfederation_version: 1\n";
    let found = read(folder.path(), &[("list.yaml", list)], &[]).await;
    assert_places(
        &found,
        &[("list.yaml:2:21:", "no NOPE"), ("list.yaml:2:59:", "no NOPE"), ("list.yaml:3:21:", "federation_version 1")],
    );
}

#[tokio::test]
async fn every_file_that_is_read_is_watched() {
    let schema = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", grpc: { url: "grpc://api:1", proto: ["protos/api.proto"] })
type Query {
  word: String @connect(source: "api", grpc: { call: "api.Words/Get" }, selection: "$.word")
}
"#;
    let api = "syntax = \"proto3\";\npackage api;\nimport \"common/word.proto\";\nmessage Ask {}\n\
               service Words { rpc Get(Ask) returns (Word); }\n";
    let word = "syntax = \"proto3\";\npackage api;\nmessage Word { string word = 1; }\n";
    let config = "graph: { cursor_key: \"@key\" }\n\
                  auth: { jwt: { issuers: [{ issuer: a, keys: [{ pem_file: PEM }] }] } }\n";
    for (origin, broken) in [("schema", false), ("schema", true), ("subgraphs", false), ("subgraphs", true)] {
        let folder = tempfile::tempdir().expect("a folder");
        let pem = folder.path().join("key.pem").display().to_string();
        let mut config = config.replace("PEM", &pem);
        if origin == "subgraphs" {
            config = config.replace("graph: {", "graph: { subgraphs: list.yaml,");
        }
        let word = if broken { "nonsense" } else { word };
        let files = [
            ("pleach.yaml", &*config),
            ("key", "0123456789abcdef0123456789abcdef\n"),
            ("key.pem", "nonsense"),
            ("list.yaml", "subgraphs: { words: { schema: { file: schema/words.graphql } } }"),
            ("schema/words.graphql", schema),
            ("schema/protos/api.proto", api),
            ("schema/common/word.proto", word),
        ];
        let found = read(folder.path(), &files, &[]).await;
        assert_eq!(found.text.contains("PROTO_INVALID"), broken, "{}", found.text);
        for name in ["pleach.yaml", "key", "key.pem", "schema/protos/api.proto", "schema/common/word.proto"] {
            assert!(found.watched.contains(&folder.path().join(name)), "{name} of {:?}\n{}", found.watched, found.text);
        }
    }
}

#[tokio::test]
async fn secrets_are_what_their_variables_and_files_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "graph: { cursor_key: \"@none\" }\n\
                  auth: { jwt: { issuers: [{ issuer: a, keys: [{ secret: \"${SHOP_JWT_SECRET}\" }] }] } }\n";
    let files = [("pleach.yaml", config), ("schema/words.graphql", SCHEMA)];
    let found = read(folder.path(), &files, &[]).await;
    assert_places(
        &found,
        &[("pleach.yaml:1:22:", "the secret of "), ("pleach.yaml:2:57:", "the environment has no SHOP_JWT_SECRET")],
    );
    assert!(found.watched.contains(&folder.path().join("none")), "{:?}", found.watched);
}
