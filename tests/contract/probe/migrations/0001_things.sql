-- Rows of several owners.
CREATE TABLE things(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL);
INSERT INTO things(user_id) SELECT gen_random_uuid() FROM generate_series(1, 3);

ALTER TABLE things ENABLE ROW LEVEL SECURITY;
ALTER TABLE things FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON things
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
