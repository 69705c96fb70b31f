-- Tables behind schema/catalogue.graphql.

CREATE TABLE category (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,
  slug      TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES category (id)
);
CREATE INDEX category_parent ON category (parent_id, name);

-- Amounts of money are text: SQLite has no exact decimal numbers.
-- Instants are RFC 3339 text in UTC, which sorts as time does.
CREATE TABLE product (
  id           TEXT PRIMARY KEY,
  sku          TEXT NOT NULL UNIQUE,
  name         TEXT NOT NULL,
  description  TEXT,
  price        TEXT NOT NULL,
  currency     TEXT NOT NULL DEFAULT 'EUR',
  weight_grams INTEGER NOT NULL CHECK (weight_grams > 0),
  category_id  INTEGER NOT NULL REFERENCES category (id),
  active       BOOLEAN NOT NULL DEFAULT true,
  version      INTEGER NOT NULL DEFAULT 1,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  CONSTRAINT product_price_positive CHECK (CAST(price AS REAL) > 0)
);
CREATE INDEX product_newest ON product (created_at DESC, id);
CREATE INDEX product_in_category ON product (category_id, name, id);
