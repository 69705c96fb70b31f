//! The JSON Schema of `pleach.yaml`: editors complete and check by it, and the reference is made of it.

use serde_json::{Value, json};

use super::tree::Config;

/// The schema of the whole configuration, in the dialect of JSON Schema 2020-12.
///
/// It is derived from the configuration's structs: descriptions are their doc comments, defaults
/// are their `Default` values.
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    schema["title"] = json!("pleach.yaml");
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_section_with_its_defaults() {
        let schema = json_schema();
        let Value::Object(defaults) = serde_json::to_value(Config::default()).expect("serialises") else {
            panic!("the configuration is an object")
        };
        for (section, default) in defaults {
            assert_eq!(schema["properties"][&section]["default"], default, "{section}");
        }
    }
}
