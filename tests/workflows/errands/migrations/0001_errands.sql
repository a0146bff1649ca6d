-- Errands of customers, and what was done for them in a world without idempotency keys.
CREATE TABLE errand(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL, workflow uuid);
ALTER TABLE errand ENABLE ROW LEVEL SECURITY;
ALTER TABLE errand FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON errand
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
CREATE TABLE effect(marker text NOT NULL, what text NOT NULL);
