-- The host's own tables. Rights come from the migration runner; role portico_kernel reads and writes them.

-- What happened, for good: rows are added and never changed.
CREATE TABLE kernel.audit(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_user_id uuid,
  actor_kind text NOT NULL CHECK (actor_kind IN ('anonymous', 'user', 'system', 'operator')),
  action text NOT NULL,
  target text,
  outcome text NOT NULL DEFAULT 'ok',
  correlation_id text,
  address_hash bytea,                       -- of the address prefix, keyed; never the address itself
  details jsonb NOT NULL DEFAULT '{}',
  CHECK ((actor_kind = 'user') <= (actor_user_id IS NOT NULL)));
CREATE INDEX audit_at ON kernel.audit(at);
CREATE INDEX audit_actor ON kernel.audit(actor_user_id, at) WHERE actor_user_id IS NOT NULL;

REVOKE UPDATE, DELETE, TRUNCATE ON kernel.audit FROM portico_kernel;

CREATE FUNCTION kernel.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kernel.audit
  FOR EACH STATEMENT EXECUTE FUNCTION kernel.refuse_audit_change();

-- Mail to send. Address and text are sealed; what is here in the clear names nobody.
CREATE TABLE kernel.mail(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sealed bytea NOT NULL,
  to_hash bytea NOT NULL,                   -- keyed hash of the address, for limits per recipient
  template text NOT NULL,
  dedup_key text UNIQUE,
  state text NOT NULL DEFAULT 'available' CHECK (state IN ('available', 'sending', 'sent', 'dead')),
  attempts smallint NOT NULL DEFAULT 0,
  max_attempts smallint NOT NULL DEFAULT 12,
  run_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  lease_owner text,
  lease_epoch bigint NOT NULL DEFAULT 0,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CHECK ((state = 'sending') = (lease_until IS NOT NULL)));
CREATE INDEX mail_ready ON kernel.mail(run_at, id) WHERE state = 'available';
CREATE INDEX mail_lease ON kernel.mail(lease_until) WHERE state = 'sending';
CREATE INDEX mail_finished ON kernel.mail(finished_at) WHERE finished_at IS NOT NULL;

-- One row per Idempotency-Key; the reply is kept so that a repeat gets the same bytes.
CREATE TABLE kernel.idempotency_keys(
  principal text,
  route text,
  key text CHECK (length(key) BETWEEN 20 AND 100),
  body_sha256 bytea NOT NULL,
  state text NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'done')),
  epoch int NOT NULL DEFAULT 1,
  locked_until timestamptz NOT NULL,
  status smallint,
  headers jsonb,
  body bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (principal, route, key),
  CHECK ((state = 'done') = (status IS NOT NULL)));
CREATE INDEX idempotency_keys_created ON kernel.idempotency_keys(created_at);

-- Durable work, claimed with SKIP LOCKED; an epoch makes a late finisher harmless.
CREATE TABLE kernel.job(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  queue text NOT NULL,
  subject text NOT NULL,
  args jsonb NOT NULL,
  state text NOT NULL DEFAULT 'available' CHECK (state IN ('available', 'running', 'done', 'dead')),
  attempt smallint NOT NULL DEFAULT 0,
  max_attempts smallint NOT NULL DEFAULT 12,
  run_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  lease_owner text,
  lease_epoch bigint NOT NULL DEFAULT 0,
  dedup_key text,
  last_error jsonb,
  CHECK ((state = 'running') = (lease_until IS NOT NULL)))
  WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE UNIQUE INDEX job_dedup ON kernel.job(kind, dedup_key) WHERE dedup_key IS NOT NULL;
CREATE INDEX job_ready ON kernel.job(queue, run_at, id) WHERE state = 'available';
CREATE INDEX job_lease ON kernel.job(lease_until) WHERE state = 'running';

-- Events going out, written beside the fact they tell of; readers go by xid below the oldest running one.
CREATE TABLE kernel.outbox(
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (xid, id));

-- Events and deliveries that came in; a repeat finds its row and has no effect.
CREATE TABLE kernel.inbox(
  source text,
  event_id text,
  replay_id bytea,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, event_id));

-- Who does what only one replica may do; each take-over raises the epoch.
CREATE TABLE kernel.leader(
  name text PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  lease_until timestamptz);
