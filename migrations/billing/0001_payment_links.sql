-- When a person last had a link to the billing site made for an invoice. One row per pair is what limits them to one
-- link per invoice and minute on all replicas; the link itself is never stored.

CREATE TABLE payment_links(
  user_id uuid NOT NULL,
  invoice_id text NOT NULL CHECK (char_length(invoice_id) BETWEEN 1 AND 64),
  minted_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, invoice_id));

ALTER TABLE payment_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment_links FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON payment_links
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
