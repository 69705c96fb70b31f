//! What is in stock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tonic::Status;

use super::messages::{
    BatchGetStockRequest, BatchGetStockResponse, QuoteShippingRequest, QuoteShippingResponse, Reservation,
    ReserveRequest, Service, ShippingQuote, StockLevel, Timestamp, WarehouseStock,
};

/// How long pieces stay set aside.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// Up to which weight a courier takes a parcel.
const EXPRESS_GRAMS: i32 = 1_000;

/// Stock and reservations.
#[derive(Debug, Default)]
pub struct Warehouse {
    state: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    stock: HashMap<String, StockLevel>,
    /// By reference.
    reservations: HashMap<String, Reservation>,
}

#[derive(Deserialize)]
struct SeedLevel {
    sku: String,
    reserved: i64,
    warehouses: Vec<SeedPlace>,
    restock_at: Option<i64>,
}

#[derive(Deserialize)]
struct SeedPlace {
    warehouse: String,
    on_hand: i64,
}

// === impl Warehouse ===

impl Warehouse {
    /// The demo's stock.
    ///
    /// # Errors
    /// When the embedded data is no JSON of this shape.
    pub fn seeded() -> Result<Self, serde_json::Error> {
        let levels: Vec<SeedLevel> = serde_json::from_str(include_str!("../data/stock.json"))?;
        let stock = levels.into_iter().map(|level| (level.sku.clone(), level.into())).collect();
        Ok(Self { state: Mutex::new(Shelves { stock, reservations: HashMap::new() }) })
    }

    /// Stock of those articles that are known.
    pub(super) fn stock(&self, request: BatchGetStockRequest) -> BatchGetStockResponse {
        let shelves = self.lock();
        BatchGetStockResponse { items: request.skus.iter().filter_map(|sku| shelves.stock.get(sku).cloned()).collect() }
    }

    /// Price and time for each parcel alone.
    pub(super) fn quote(&self, request: QuoteShippingRequest) -> Result<QuoteShippingResponse, Status> {
        let Some(zone) = request.zip.chars().next().and_then(|first| first.to_digit(10)) else {
            return Err(Status::invalid_argument("a postal code begins with a digit"));
        };
        let quotes = request.parcels.into_iter().map(|parcel| {
            let cents = 390 + i64::from(parcel.weight_grams.max(0)) / 5 + 40 * i64::from(zone);
            let express = parcel.weight_grams <= EXPRESS_GRAMS;
            ShippingQuote {
                sku: parcel.sku,
                amount: format!("{}.{:02}", cents / 100, cents % 100),
                currency: "EUR".into(),
                days: if express { 1 } else { 2 + i32::from(zone > 4) },
                service: if express { Service::Express } else { Service::Standard } as i32,
            }
        });
        Ok(QuoteShippingResponse { quotes: quotes.collect() })
    }

    /// Sets all lines aside, or none.
    pub(super) fn reserve(&self, request: ReserveRequest) -> Result<Reservation, Status> {
        let mut shelves = self.lock();
        if let Some(earlier) = shelves.reservations.get(&request.reference) {
            return Ok(earlier.clone());
        }
        let mut wanted: HashMap<&str, i64> = HashMap::new();
        for line in &request.lines {
            if line.quantity <= 0 {
                return Err(Status::invalid_argument("a quantity is at least one"));
            }
            *wanted.entry(&line.sku).or_default() += i64::from(line.quantity);
        }
        for (sku, quantity) in &wanted {
            let Some(level) = shelves.stock.get(*sku) else {
                return Err(Status::not_found(format!("there is no article {sku}")));
            };
            if level.on_hand - level.reserved < *quantity {
                return Err(Status::failed_precondition(format!("not enough of {sku}")));
            }
        }
        for (sku, quantity) in wanted {
            if let Some(level) = shelves.stock.get_mut(sku) {
                level.reserved += quantity;
            }
        }
        let until = (SystemTime::now() + KEPT_FOR).duration_since(UNIX_EPOCH).unwrap_or_default();
        let reservation = Reservation {
            id: format!("res-{}", shelves.reservations.len() + 1),
            reference: request.reference.clone(),
            expires_at: Some(Timestamp { seconds: i64::try_from(until.as_secs()).unwrap_or(i64::MAX), nanos: 0 }),
        };
        shelves.reservations.insert(request.reference, reservation.clone());
        Ok(reservation)
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl SeedLevel ===

impl From<SeedLevel> for StockLevel {
    fn from(seed: SeedLevel) -> Self {
        Self {
            sku: seed.sku,
            on_hand: seed.warehouses.iter().map(|place| place.on_hand).sum(),
            reserved: seed.reserved,
            warehouses: seed
                .warehouses
                .into_iter()
                .map(|place| WarehouseStock { warehouse: place.warehouse, on_hand: place.on_hand })
                .collect(),
            restock_at: seed.restock_at.map(|seconds| Timestamp { seconds, nanos: 0 }),
        }
    }
}
