-- Tables behind schema/orders.graphql.

-- A copy of the catalogue's prices: an order is priced by the system that takes it.
CREATE TABLE product_price (
  product_id TEXT NOT NULL,
  sku        TEXT NOT NULL,
  price      TEXT NOT NULL,
  currency   TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  PRIMARY KEY (product_id, currency)
);

-- The client chooses client_ref; repeating a call cannot order twice.
CREATE TABLE orders (
  id          TEXT PRIMARY KEY,
  client_ref  TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  status      TEXT NOT NULL,
  currency    TEXT NOT NULL,
  total       TEXT NOT NULL,
  placed_at   TEXT NOT NULL,
  changed_at  TEXT NOT NULL,
  CONSTRAINT orders_client_ref_key UNIQUE (customer_id, client_ref)
);
CREATE INDEX orders_of_customer ON orders (customer_id, placed_at DESC, id);

CREATE TABLE order_line (
  order_id   TEXT NOT NULL REFERENCES orders (id),
  line_no    INTEGER NOT NULL,
  product_id TEXT NOT NULL,
  sku        TEXT NOT NULL,
  quantity   INTEGER NOT NULL CHECK (quantity > 0),
  unit_price TEXT NOT NULL,
  PRIMARY KEY (order_id, line_no)
);
