//! The files the demo is made of, embedded so that the command runs in any folder.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The files of `schema/`, by name.
pub const SCHEMA: [(&str, &str); 6] = [
    ("users.graphql", include_str!("../../../schema/users.graphql")),
    ("catalogue.graphql", include_str!("../../../schema/catalogue.graphql")),
    ("orders.graphql", include_str!("../../../schema/orders.graphql")),
    ("inventory.graphql", include_str!("../../../schema/inventory.graphql")),
    ("inventory.proto", include_str!("../../../schema/inventory.proto")),
    ("reviews.graphql", include_str!("../../../schema/reviews.graphql")),
];

/// What makes the catalogue's database.
pub const CATALOGUE: [&str; 2] = [
    include_str!("../../../migrations/demo/catalogue/sqlite/0001_tables.sql"),
    include_str!("../../../migrations/demo/catalogue/data.sql"),
];

/// What makes the orders' database.
pub const ORDERS: [&str; 2] = [
    include_str!("../../../migrations/demo/orders/sqlite/0001_tables.sql"),
    include_str!("../../../migrations/demo/orders/data.sql"),
];

/// A folder of the demo's own, removed when this is dropped.
#[derive(Debug)]
pub struct DemoFolder(PathBuf);

// === impl DemoFolder ===

impl DemoFolder {
    /// Makes the folder, readable by its owner only, with the files of `schema/` in it.
    ///
    /// # Errors
    /// When the system's folder for temporary files cannot be written.
    pub fn create() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("pleach-demo-{}", uuid::Uuid::new_v4().simple()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        let folder = Self(path);
        fs::create_dir(folder.schema())?;
        for (name, text) in SCHEMA {
            fs::write(folder.schema().join(name), text)?;
        }
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The graph's files.
    pub fn schema(&self) -> PathBuf {
        self.0.join("schema")
    }
}

impl Drop for DemoFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which cleans this place up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
