-- Points that a person was given, once for each invoice: the key is what makes a repeated delivery harmless.

CREATE TABLE credits(
  user_id uuid NOT NULL,
  invoice_id text NOT NULL CHECK (char_length(invoice_id) BETWEEN 1 AND 64),
  points bigint NOT NULL CHECK (points >= 0),
  credited_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, invoice_id));

ALTER TABLE credits ENABLE ROW LEVEL SECURITY;
ALTER TABLE credits FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON credits
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
