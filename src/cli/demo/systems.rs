//! The outside world of the demo, all of it.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use super::database::DemoDatabase;
use super::files::{CATALOGUE, DemoFolder, ORDERS};
use super::server::Server;
use super::{inventory, reviews, users};

/// The running systems. They end when this is dropped.
#[derive(Debug)]
pub struct DemoSystems {
    /// The REST service of users.
    pub users: Server,
    /// The database of products.
    pub catalogue: DemoDatabase,
    /// The database of orders.
    pub orders: DemoDatabase,
    /// The gRPC service of the warehouse.
    pub inventory: Server,
    /// The federated GraphQL service of reviews.
    pub reviews: Server,
    // Last, since the files must outlive what uses them.
    folder: DemoFolder,
}

/// One of the systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum System {
    /// The REST service of users.
    Users,
    /// The database of products.
    Catalogue,
    /// The database of orders.
    Orders,
    /// The gRPC service of the warehouse.
    Inventory,
    /// The federated GraphQL service of reviews.
    Reviews,
}

/// Why the demo's systems could not be started.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A port or a file.
    #[error("a demo system could not be started: {0}")]
    Io(#[from] io::Error),
    /// A database script.
    #[error("a demo database could not be created: {0}")]
    Database(#[from] sqlx::Error),
    /// The embedded data.
    #[error("the demo's data cannot be read: {0}")]
    Data(#[from] serde_json::Error),
}

// === impl DemoSystems ===

impl DemoSystems {
    /// Starts them all.
    ///
    /// # Errors
    /// When a port cannot be opened or a file cannot be written.
    pub async fn start() -> Result<Self, DemoError> {
        let folder = DemoFolder::create()?;
        Ok(Self {
            users: Server::start(users::router(users::Accounts::seeded()?)).await?,
            catalogue: DemoDatabase::create(&folder.path().join("catalogue.db"), &CATALOGUE).await?,
            orders: DemoDatabase::create(&folder.path().join("orders.db"), &ORDERS).await?,
            inventory: Server::start(inventory::router(inventory::Warehouse::seeded()?)).await?,
            reviews: Server::start(reviews::router(reviews::ReviewStore::seeded()?)).await?,
            folder,
        })
    }

    /// Stops one system, as a crash would.
    ///
    /// # Errors
    /// When a database cannot be locked.
    pub async fn stop(&self, system: System) -> Result<(), DemoError> {
        match system {
            System::Users => self.users.stop(),
            System::Catalogue => self.catalogue.stop().await?,
            System::Orders => self.orders.stop().await?,
            System::Inventory => self.inventory.stop(),
            System::Reviews => self.reviews.stop(),
        }
        Ok(())
    }

    /// What kind of system it is, and where.
    pub fn describe(&self, system: System) -> (&'static str, String) {
        match system {
            System::Users => ("REST", format!("http://{}", self.users.address())),
            System::Catalogue => ("SQLite", self.catalogue.url()),
            System::Orders => ("SQLite", self.orders.url()),
            System::Inventory => ("gRPC", format!("grpc://{}", self.inventory.address())),
            System::Reviews => ("federated GraphQL", format!("http://{}/graphql", self.reviews.address())),
        }
    }

    /// The folder with the files of the graph.
    pub fn schema(&self) -> PathBuf {
        self.folder.schema()
    }

    /// What mappings read as `$env`: where each system is.
    pub fn environment(&self) -> HashMap<String, String> {
        [
            ("USERS_API_URL", format!("http://{}", self.users.address())),
            ("CATALOGUE_DB_URL", self.catalogue.url()),
            ("ORDERS_DB_URL", self.orders.url()),
            ("INVENTORY_URL", format!("grpc://{}", self.inventory.address())),
            ("REVIEWS_URL", format!("http://{}/graphql", self.reviews.address())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

// === impl System ===

impl System {
    /// The name of its file in `schema/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Catalogue => "catalogue",
            Self::Orders => "orders",
            Self::Inventory => "inventory",
            Self::Reviews => "reviews",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
    use tokio::net::TcpStream;

    use super::*;

    async fn column(url: &str, query: &'static str) -> Result<Vec<String>, sqlx::Error> {
        let options: SqliteConnectOptions = url.parse()?;
        let pool = SqlitePool::connect_with(options.busy_timeout(std::time::Duration::ZERO)).await?;
        let rows = sqlx::query_scalar(query).fetch_all(&pool).await;
        pool.close().await;
        rows
    }

    fn of(data: &str, key: &str) -> HashSet<String> {
        let list: Vec<serde_json::Value> = serde_json::from_str(data).unwrap();
        list.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn what_one_system_refers_to_another_knows() {
        let systems = DemoSystems::start().await.unwrap();
        let environment = systems.environment();
        let catalogue = |query| column(&environment["CATALOGUE_DB_URL"], query);
        let orders = |query| column(&environment["ORDERS_DB_URL"], query);
        let products: HashSet<_> = catalogue("SELECT id FROM product").await.unwrap().into_iter().collect();
        let skus: HashSet<_> = catalogue("SELECT sku FROM product").await.unwrap().into_iter().collect();
        let users = of(include_str!("data/users.json"), "id");
        assert!(products.len() > 60 && users.len() > 40);
        assert_eq!(of(include_str!("data/stock.json"), "sku"), skus);
        assert!(of(include_str!("data/reviews.json"), "product").is_subset(&products));
        assert!(of(include_str!("data/reviews.json"), "author").is_subset(&users));
        assert!(of(include_str!("data/addresses.json"), "user_id").is_subset(&users));
        let customers: HashSet<_> = orders("SELECT customer_id FROM orders").await.unwrap().into_iter().collect();
        assert!(customers.is_subset(&users));
        let ordered: HashSet<_> = orders("SELECT product_id FROM order_line").await.unwrap().into_iter().collect();
        assert!(ordered.is_subset(&products));
        let wrong = "SELECT o.id FROM orders o JOIN order_line l ON l.order_id = o.id GROUP BY o.id, o.total
                     HAVING o.total <> printf('%.2f', sum(l.quantity * l.unit_price))";
        assert_eq!(orders(wrong).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn each_system_stops_alone() {
        let systems = DemoSystems::start().await.unwrap();
        systems.users.stop();
        while TcpStream::connect(systems.users.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(TcpStream::connect(systems.reviews.address()).await.is_ok());
        let environment = systems.environment();
        systems.catalogue.stop().await.unwrap();
        let read = || column(&environment["CATALOGUE_DB_URL"], "SELECT name FROM category WHERE id = 1");
        assert!(read().await.unwrap_err().to_string().contains("locked"));
        assert!(column(&environment["ORDERS_DB_URL"], "SELECT id FROM orders LIMIT 1").await.is_ok());
        systems.catalogue.resume().await.unwrap();
        assert_eq!(read().await.unwrap(), ["Home"]);
    }

    #[tokio::test]
    async fn leaves_nothing_behind() {
        let systems = DemoSystems::start().await.unwrap();
        let schema = systems.schema();
        assert!(schema.join("inventory.proto").is_file());
        drop(systems);
        assert!(!schema.parent().unwrap().exists());
    }
}
