-- One row for each time that a handler has run to its commit.
CREATE TABLE wish(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id uuid NOT NULL,
  note text NOT NULL,
  key text NOT NULL);
ALTER TABLE wish ENABLE ROW LEVEL SECURITY;
ALTER TABLE wish FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON wish
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
