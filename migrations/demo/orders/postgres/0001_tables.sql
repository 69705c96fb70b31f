-- Tables behind examples/postgres/schema/orders.graphql.

-- A copy of the catalogue's prices: an order is priced by the system that takes it.
CREATE TABLE product_price (
  product_id uuid NOT NULL,
  sku        text NOT NULL,
  price      numeric(12, 2) NOT NULL,
  currency   text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (product_id, currency)
);

-- The client chooses client_ref; repeating a call cannot order twice.
CREATE TABLE orders (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  client_ref  text NOT NULL,
  customer_id text NOT NULL,
  status      text NOT NULL,
  currency    text NOT NULL,
  total       numeric(12, 2) NOT NULL,
  placed_at   timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  CONSTRAINT orders_client_ref_key UNIQUE (customer_id, client_ref)
);
CREATE INDEX orders_of_customer ON orders (customer_id, placed_at DESC, id);

CREATE TABLE order_line (
  order_id   uuid NOT NULL REFERENCES orders (id),
  line_no    int NOT NULL,
  product_id uuid NOT NULL,
  sku        text NOT NULL,
  quantity   int NOT NULL CHECK (quantity > 0),
  unit_price numeric(12, 2) NOT NULL,
  PRIMARY KEY (order_id, line_no)
);
