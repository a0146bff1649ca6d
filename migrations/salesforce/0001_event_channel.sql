-- Up to where the events of each channel were taken, which of them were taken, and those that could not be read.
-- Rows belong to no user: only the connector, as the system, sees them.

CREATE TABLE event_cursor(
  channel text PRIMARY KEY CHECK (char_length(channel) BETWEEN 1 AND 200),
  replay_id bytea,                    -- opaque, as it came; null: from the start of what is kept
  epoch bigint NOT NULL DEFAULT 0,    -- raised by each replica that takes over; only the newest moves the cursor
  owner text,
  lease_until timestamptz,
  connected boolean NOT NULL DEFAULT false,
  heard_at timestamptz,               -- of the last event or sign of life that was committed
  event_at timestamptz,               -- when the last event was made, by the other system's clock
  lag_ms bigint,                      -- between that and its commit
  missed_since timestamptz,           -- of the last gap
  missed_reason text,
  missed_found_at timestamptz);

CREATE TABLE event_cursor_history(
  channel text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  replay_id bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (channel, id));

CREATE TABLE event_inbox(
  channel text NOT NULL,
  event_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (channel, event_id));
CREATE INDEX event_inbox_age ON event_inbox(received_at);

CREATE TABLE event_poison(
  channel text NOT NULL,
  event_id text NOT NULL,
  replay_id bytea NOT NULL,
  schema_id text NOT NULL,
  payload bytea NOT NULL,
  reason text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (channel, event_id));

ALTER TABLE event_cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON event_cursor
  USING ((SELECT kernel.is_system())) WITH CHECK ((SELECT kernel.is_system()));
ALTER TABLE event_cursor_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_cursor_history FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON event_cursor_history
  USING ((SELECT kernel.is_system())) WITH CHECK ((SELECT kernel.is_system()));
ALTER TABLE event_inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_inbox FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON event_inbox
  USING ((SELECT kernel.is_system())) WITH CHECK ((SELECT kernel.is_system()));
ALTER TABLE event_poison ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_poison FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON event_poison
  USING ((SELECT kernel.is_system())) WITH CHECK ((SELECT kernel.is_system()));
