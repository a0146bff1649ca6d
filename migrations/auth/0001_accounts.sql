-- Accounts of the portal, their sessions, and what a person leaves here before having one.
-- Tokens are kept as SHA-256 only; names, phones and addresses only sealed by the host.

CREATE TABLE users(
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL UNIQUE CHECK (email = lower(email)),   -- ASCII, as compared
  email_as_typed text NOT NULL,
  password_hash text,
  language text NOT NULL CHECK (language IN ('en', 'ja')),
  roles text[] NOT NULL DEFAULT '{customer}' CHECK (cardinality(roles) > 0 AND roles <@ '{customer,staff,admin}'),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  profile bytea,                             -- sealed copy of what billing last said of this person
  profile_at timestamptz,
  terms_accepted_at timestamptz,
  password_changed_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((profile IS NULL) = (profile_at IS NULL)));

-- Who a user is in the systems of record, one to one.
CREATE TABLE id_mappings(
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  billing_customer_id text NOT NULL UNIQUE,
  crm_contact_id text UNIQUE,
  crm_account_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now());

-- One signed-in browser: the family of its refresh tokens.
CREATE TABLE sessions(
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  proved_at timestamptz NOT NULL DEFAULT now(),
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_because text CHECK (ended_because IN ('signed_out', 'signed_in_again', 'password_changed', 'refresh_reused', 'by_staff')),
  CHECK ((ended_at IS NULL) = (ended_because IS NULL)));
CREATE INDEX sessions_user ON sessions(user_id);
CREATE INDEX sessions_expiry ON sessions(expires_at);

CREATE TABLE refresh_tokens(
  sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
  session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
  user_id uuid NOT NULL,
  parent_sha256 bytea UNIQUE CHECK (length(parent_sha256) = 32),   -- a token has one successor
  issued_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz);
CREATE INDEX refresh_tokens_session ON refresh_tokens(session_id);
CREATE INDEX refresh_tokens_user ON refresh_tokens(user_id);

-- Browsers that signed in before: they may still try when guessing has disabled the password for others.
CREATE TABLE devices(
  sha256 bytea CHECK (length(sha256) = 32),
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sha256, user_id));
CREATE INDEX devices_user ON devices(user_id);

-- A sign-up on its way: pending → confirmed → customer_created → active, or refused. Its id is the marker the
-- billing system keeps, user_id the account it will become.
CREATE TABLE sign_ups(
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  browser_sha256 bytea NOT NULL CHECK (length(browser_sha256) = 32),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'customer_created', 'active', 'refused')),
  sealed bytea,
  password_hash text,
  billing_customer_id text,
  refused_code text,
  epoch bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamptz,
  tries int NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  ended_at timestamptz,
  CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
  CHECK ((state = 'refused') = (refused_code IS NOT NULL)),
  CHECK ((state IN ('active', 'refused')) = (ended_at IS NOT NULL)),
  -- Nothing personal outlives the sign-up, and nothing needed is missing before.
  CHECK ((sealed IS NULL) = (state IN ('active', 'refused'))),
  CHECK ((password_hash IS NULL) = (state IN ('active', 'refused'))),
  CHECK (state <> 'customer_created' OR billing_customer_id IS NOT NULL));
CREATE INDEX sign_ups_due ON sign_ups(next_try_at) WHERE state IN ('confirmed', 'customer_created');
CREATE INDEX sign_ups_expiry ON sign_ups(expires_at);

-- Asked-for password resets. A row without user is the answer to an unknown address: the same work, no mail.
CREATE TABLE resets(
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  user_id uuid REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz);
CREATE INDEX resets_user ON resets(user_id);
CREATE INDEX resets_expiry ON resets(expires_at);

-- Counted tries. key is a keyed hash of what is counted (an address, an account, a device), so it names nobody.
CREATE TABLE tries(
  key bytea PRIMARY KEY CHECK (length(key) = 32),
  window_started_at timestamptz NOT NULL,
  count int NOT NULL,
  streak int NOT NULL,                       -- since the last success
  level int NOT NULL DEFAULT 0,              -- how often it was locked in a row
  locked_until timestamptz,
  touched_at timestamptz NOT NULL);
CREATE INDEX tries_touched ON tries(touched_at);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON users
  USING (id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE id_mappings ENABLE ROW LEVEL SECURITY;
ALTER TABLE id_mappings FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON id_mappings
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON sessions
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON refresh_tokens
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE devices FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON devices
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE sign_ups ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_ups FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON sign_ups
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE resets ENABLE ROW LEVEL SECURITY;
ALTER TABLE resets FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON resets
  USING (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()))
  WITH CHECK (user_id = (SELECT kernel.current_user_id()) OR (SELECT kernel.is_system()));

ALTER TABLE tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE tries FORCE ROW LEVEL SECURITY;
CREATE POLICY system_only ON tries
  USING ((SELECT kernel.is_system()))
  WITH CHECK ((SELECT kernel.is_system()));
