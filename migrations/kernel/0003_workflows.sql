-- Workflows: durable named steps, who holds them now, and what happened so far.

CREATE TABLE kernel.workflow(
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- the order of lists
  plugin text NOT NULL,
  kind text NOT NULL,
  revision int NOT NULL CHECK (revision > 0),
  shape text NOT NULL,                      -- names of the steps and what each has; code that differs waits
  plan jsonb NOT NULL,                      -- the steps as they were declared at the start
  user_id uuid,                             -- null: nobody's but the system's
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  input jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('ready', 'running', 'waiting', 'attention', 'done', 'undone', 'failed')),
  direction text NOT NULL DEFAULT 'forward' CHECK (direction IN ('forward', 'back')),
  position smallint NOT NULL DEFAULT 0 CHECK (position >= 0),
  act text NOT NULL CHECK (act IN ('planned', 'waiting', 'attempting', 'unknown', 'attention', 'done', 'skipped', 'failed')),
  tries int NOT NULL DEFAULT 0,
  looks int NOT NULL DEFAULT 0,
  cancel_wanted boolean NOT NULL DEFAULT false,
  unsure boolean NOT NULL DEFAULT false,    -- a try of the action under way may have happened
  code text,                                -- of the last failure
  due_at timestamptz NOT NULL DEFAULT now(),-- ready: next try; waiting: end of the wait; running: end of the lease
  lease_owner text,
  lease_epoch bigint NOT NULL DEFAULT 0,    -- raised by every claim; a result of another epoch is dropped
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  UNIQUE (plugin, kind, key),
  CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
  CHECK ((state IN ('done', 'undone', 'failed')) = (finished_at IS NOT NULL)))
  WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX workflow_due ON kernel.workflow(due_at, number) WHERE state IN ('ready', 'running', 'waiting');
CREATE INDEX workflow_user ON kernel.workflow(user_id, number) WHERE user_id IS NOT NULL;
CREATE INDEX workflow_attention ON kernel.workflow(number) WHERE state = 'attention';

CREATE TABLE kernel.workflow_step(
  workflow uuid NOT NULL REFERENCES kernel.workflow ON DELETE CASCADE,
  position smallint NOT NULL,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'waiting', 'attempting', 'unknown', 'attention', 'done', 'skipped', 'failed')),
  undo text CHECK (undo IN ('planned', 'waiting', 'attempting', 'unknown', 'attention', 'done', 'skipped', 'failed')),
  marker text NOT NULL UNIQUE DEFAULT replace(gen_random_uuid()::text, '-', ''),  -- carried to the system outside
  tries int NOT NULL DEFAULT 0,
  epoch bigint NOT NULL,                    -- of the claim that wrote last
  signal jsonb,                             -- what it waited for
  output jsonb,
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (workflow, position));

CREATE TABLE kernel.workflow_signal(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workflow uuid NOT NULL REFERENCES kernel.workflow ON DELETE CASCADE,
  name text NOT NULL,
  key text,                                 -- a repeat of the same key is the same signal
  payload jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  taken_by smallint,                        -- position of the step that waited for it
  UNIQUE (workflow, name, key));
CREATE INDEX workflow_signal_free ON kernel.workflow_signal(workflow, name, id) WHERE taken_by IS NULL;

CREATE TABLE kernel.workflow_timeline(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workflow uuid NOT NULL REFERENCES kernel.workflow ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  position smallint,
  event text NOT NULL,
  code text,
  actor uuid);                              -- of an action by a person
CREATE INDEX workflow_timeline_workflow ON kernel.workflow_timeline(workflow, id);

-- What belongs to a user belongs to that user; the rest, and all of it for the engine, to the system.
ALTER TABLE kernel.workflow ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.workflow FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON kernel.workflow
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));
ALTER TABLE kernel.workflow_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.workflow_step FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON kernel.workflow_step
  USING ((SELECT kernel.is_system()) OR EXISTS (SELECT FROM kernel.workflow w WHERE w.id = workflow));
ALTER TABLE kernel.workflow_signal ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.workflow_signal FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON kernel.workflow_signal
  USING ((SELECT kernel.is_system()) OR EXISTS (SELECT FROM kernel.workflow w WHERE w.id = workflow));
ALTER TABLE kernel.workflow_timeline ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.workflow_timeline FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON kernel.workflow_timeline
  USING ((SELECT kernel.is_system()) OR EXISTS (SELECT FROM kernel.workflow w WHERE w.id = workflow));
