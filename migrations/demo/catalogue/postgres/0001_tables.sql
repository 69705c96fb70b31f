-- Tables behind examples/postgres/schema/catalogue.graphql.

CREATE TABLE category (
  id        int PRIMARY KEY,
  name      text NOT NULL,
  slug      text NOT NULL UNIQUE,
  parent_id int REFERENCES category (id)
);
CREATE INDEX category_parent ON category (parent_id, name);

CREATE TABLE product (
  id           uuid PRIMARY KEY,
  sku          text NOT NULL UNIQUE,
  name         text NOT NULL,
  description  text,
  price        numeric(12, 2) NOT NULL,
  currency     text NOT NULL DEFAULT 'EUR',
  weight_grams int NOT NULL CHECK (weight_grams > 0),
  category_id  int NOT NULL REFERENCES category (id),
  active       boolean NOT NULL DEFAULT true,
  version      int NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  CONSTRAINT product_price_positive CHECK (price > 0)
);
CREATE INDEX product_newest ON product (created_at DESC, id);
CREATE INDEX product_in_category ON product (category_id, name, id);
