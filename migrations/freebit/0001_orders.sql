-- What was ordered for which line. A row is the order's memory (a repeat with the same id finds it), and it is what
-- keeps changes of one line apart on all replicas. Rows belong to no user: only the connector, as the system, sees them.

CREATE TABLE orders(
  operation_id text PRIMARY KEY CHECK (char_length(operation_id) BETWEEN 1 AND 64),
  account text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 64),
  change text NOT NULL,
  wish text NOT NULL,                 -- a digest: personal data of an order is never stored
  state text NOT NULL CHECK (state IN ('sending', 'unknown', 'accepted', 'done')),
  started_at timestamptz NOT NULL,
  tried_at timestamptz NOT NULL,
  effective_at timestamptz NOT NULL,
  due_at timestamptz);

CREATE INDEX orders_of_line ON orders(account, effective_at);

ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON orders
  USING ((SELECT kernel.is_system()))
  WITH CHECK ((SELECT kernel.is_system()));
