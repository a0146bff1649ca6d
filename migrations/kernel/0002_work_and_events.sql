-- Durable work and events. The first shapes of these two tables were never written to by any host.
-- portico: allow destructive: kernel.job and kernel.outbox are empty everywhere, no host has used them
DROP TABLE kernel.job;
DROP TABLE kernel.outbox;

-- Events that were published, written in the transaction of the fact they tell of. Who is to get one is decided
-- there and then: each subscriber has a row of its own in kernel.job.
CREATE TABLE kernel.outbox(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  publisher text NOT NULL,
  topic text NOT NULL,
  key text,
  payload json NOT NULL,
  dedup_key text,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX outbox_dedup ON kernel.outbox(publisher, topic, dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX outbox_created ON kernel.outbox(created_at);

-- Who wants which events. seen_at: when a host last ran the subscriber.
CREATE TABLE kernel.subscription(
  topic text,
  owner text,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, owner));

-- Work of plugins: jobs of a queue, deliveries of events, and tasks that come again and again. Claimed with SKIP
-- LOCKED under a lease; an epoch makes a late finisher harmless. Of those with one key all but the first wait.
CREATE TABLE kernel.job(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('queue', 'event', 'schedule')),
  owner text NOT NULL,                      -- the plugin whose code runs
  queue text NOT NULL,                      -- name of the queue, event or task
  key text,
  priority int NOT NULL DEFAULT 0,
  payload json,
  event bigint,                             -- kernel.outbox: the payload of a delivery
  dedup_key text,
  correlation_id text,
  state text NOT NULL DEFAULT 'available'
    CHECK (state IN ('waiting', 'available', 'running', 'done', 'dead', 'cancelled')),
  attempt int NOT NULL DEFAULT 0,
  run_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  lease_owner text,
  lease_epoch bigint NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  last_error text,
  progress_done bigint NOT NULL DEFAULT 0,
  progress_total bigint NOT NULL DEFAULT 0,
  progress_note text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((kind = 'event') = (event IS NOT NULL)))
  WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE UNIQUE INDEX job_dedup ON kernel.job(kind, owner, queue, dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX job_ready ON kernel.job(kind, owner, queue, priority, run_at, id) WHERE state = 'available';
CREATE INDEX job_lease ON kernel.job(lease_until) WHERE state = 'running';
CREATE INDEX job_key ON kernel.job(kind, owner, queue, key, id)
  WHERE key IS NOT NULL AND state IN ('waiting', 'available', 'running');
CREATE INDEX job_waiting ON kernel.job(kind, owner, queue) WHERE state = 'waiting';
CREATE INDEX job_finished ON kernel.job(finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX job_event ON kernel.job(event) WHERE event IS NOT NULL;
