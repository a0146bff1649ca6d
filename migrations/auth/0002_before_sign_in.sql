-- What may be asked before anybody is signed in: each function answers one question with the least it takes.
-- They run as the owner of the schemas, whom kernel.is_system() takes for the system.

-- Counts one try before its work is done; one row lock, so that parallel tries cannot pass together.
-- locks_s: how long the 1st, 2nd, … lock in a row lasts; the last one also after streak_limit tries without success.
-- Returns the seconds to wait; 0: go on. A refused try is not counted.
CREATE FUNCTION count_try(p_key bytea, p_limit int, p_window_s int, p_locks_s int[], p_streak_limit int)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
  t tries;
  at timestamptz;
BEGIN
  INSERT INTO tries(key, window_started_at, count, streak, touched_at)
    VALUES (p_key, clock_timestamp(), 0, 0, clock_timestamp()) ON CONFLICT (key) DO NOTHING;
  SELECT * INTO t FROM tries WHERE key = p_key FOR UPDATE;
  at := clock_timestamp();
  IF t.locked_until > at THEN
    RETURN greatest(1, ceil(extract(epoch FROM t.locked_until - at)))::int;
  END IF;
  IF t.window_started_at + make_interval(secs => p_window_s) <= at THEN
    t.window_started_at := at;
    t.count := 0;
  END IF;
  IF t.locked_until + interval '24 hours' <= at THEN
    t.level := 0;
  END IF;
  t.count := t.count + 1;
  t.streak := t.streak + 1;
  IF t.count >= p_limit THEN   -- this try still passes, the next one waits
    t.level := t.level + 1;
    t.locked_until := at + make_interval(secs => CASE
      WHEN t.streak >= p_streak_limit THEN p_locks_s[cardinality(p_locks_s)]
      ELSE p_locks_s[least(t.level, cardinality(p_locks_s))] END);
    t.window_started_at := at;
    t.count := 0;
  END IF;
  UPDATE tries SET window_started_at = t.window_started_at, count = t.count, streak = t.streak, level = t.level,
                   locked_until = t.locked_until, touched_at = at
    WHERE key = p_key;
  RETURN 0;
END $$;

-- A right password: its counter starts anew; the address gets its one try back.
CREATE FUNCTION forgive_tries(p_key bytea, p_address_key bytea)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  DELETE FROM tries WHERE key = p_key;
  UPDATE tries SET count = greatest(count - 1, 0), streak = greatest(streak - 1, 0) WHERE key = p_address_key;
$$;

-- Counts a sign-in, then gives what checking the password takes. A known device has a counter of its own, so that
-- strangers who guess cannot keep the owner out.
CREATE FUNCTION begin_sign_in(p_email text, p_device_sha256 bytea, p_address_key bytea, p_account_key bytea,
                              p_device_key bytea, p_account_limit int, p_address_limit int, p_window_s int,
                              p_locks_s int[], p_streak_limit int)
RETURNS TABLE(wait_s int, known_device boolean, user_id uuid, password_hash text, active boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
DECLARE
  u users;
  known boolean;
  wait int;
BEGIN
  SELECT * INTO u FROM users WHERE email = p_email;
  known := p_device_sha256 IS NOT NULL
    AND EXISTS (SELECT FROM devices d WHERE d.sha256 = p_device_sha256 AND d.user_id = u.id);
  wait := count_try(p_address_key, p_address_limit, p_window_s, ARRAY[p_window_s], 2147483647);
  IF wait = 0 THEN
    wait := count_try(CASE WHEN known THEN p_device_key ELSE p_account_key END, p_account_limit, p_window_s, p_locks_s,
                      p_streak_limit);
  END IF;
  IF wait > 0 THEN
    RETURN QUERY SELECT wait, known, NULL::uuid, NULL::text, NULL::boolean;
  ELSE
    RETURN QUERY SELECT 0, known, u.id, u.password_hash, u.state = 'active';
  END IF;
END $$;

-- One step of a session's chain of refresh tokens. A repeat within the grace gets the same successor again (it is
-- derived, p_next from the current key, p_next_old from the one before); a later repeat ends the session.
-- outcome: rotated, repeated, unknown, ended, idle, reused. use_old: the caller hands out the old key's successor.
CREATE FUNCTION rotate_refresh(p_sha256 bytea, p_next bytea, p_next_old bytea, p_idle_s int, p_grace_s int)
RETURNS TABLE(outcome text, use_old boolean, session_id uuid, user_id uuid, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
DECLARE
  s sessions;
  t refresh_tokens;
  child bytea;
  at timestamptz;
BEGIN
  SELECT * INTO t FROM refresh_tokens WHERE sha256 = p_sha256;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'unknown', false, NULL::uuid, NULL::uuid, NULL::timestamptz;
    RETURN;
  END IF;
  SELECT * INTO s FROM sessions WHERE id = t.session_id FOR UPDATE;   -- one step of a family at a time
  SELECT * INTO t FROM refresh_tokens WHERE sha256 = p_sha256;
  at := clock_timestamp();
  IF s.id IS NULL OR t.sha256 IS NULL OR s.ended_at IS NOT NULL OR s.expires_at <= at
     OR NOT EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.state = 'active') THEN
    RETURN QUERY SELECT 'ended', false, s.id, s.user_id, s.expires_at;
  ELSIF t.used_at IS NULL AND t.expires_at <= at THEN
    RETURN QUERY SELECT 'idle', false, s.id, s.user_id, s.expires_at;
  ELSIF t.used_at IS NULL THEN
    UPDATE refresh_tokens SET used_at = at WHERE sha256 = p_sha256;
    INSERT INTO refresh_tokens(sha256, session_id, user_id, parent_sha256, issued_at, expires_at)
      VALUES (p_next, s.id, s.user_id, p_sha256, at, least(at + make_interval(secs => p_idle_s), s.expires_at));
    UPDATE sessions SET refreshed_at = at WHERE id = s.id;
    RETURN QUERY SELECT 'rotated', false, s.id, s.user_id, s.expires_at;
  ELSIF t.used_at + make_interval(secs => p_grace_s) > at THEN
    SELECT sha256 INTO child FROM refresh_tokens WHERE parent_sha256 = p_sha256;
    IF child = p_next OR child = p_next_old THEN
      RETURN QUERY SELECT 'repeated', child <> p_next, s.id, s.user_id, s.expires_at;
    ELSE
      RETURN QUERY SELECT 'ended', false, s.id, s.user_id, s.expires_at;
    END IF;
  ELSE
    UPDATE sessions SET ended_at = at, ended_because = 'refresh_reused' WHERE id = s.id;
    RETURN QUERY SELECT 'reused', false, s.id, s.user_id, s.expires_at;
  END IF;
END $$;

-- Signing out with the refresh token alone: the access token may have run out long ago.
CREATE FUNCTION end_session_of(p_sha256 bytea)
RETURNS TABLE(session_id uuid, user_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  UPDATE sessions s SET ended_at = clock_timestamp(), ended_because = 'signed_out'
    FROM refresh_tokens t
    WHERE t.sha256 = p_sha256 AND s.id = t.session_id AND s.ended_at IS NULL
    RETURNING s.id, s.user_id;
$$;

-- Keeps a sign-up, unless the address has an account already. One mail per call at most, within the mail limit.
CREATE FUNCTION request_sign_up(p_id uuid, p_email text, p_token_sha256 bytea, p_browser_sha256 bytea, p_sealed bytea,
                                p_password_hash text, p_lifetime_s int, p_mail_key bytea, p_mail_limit int)
RETURNS TABLE(known boolean, may_mail boolean, language text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
DECLARE
  u users;
BEGIN
  SELECT * INTO u FROM users WHERE email = p_email;
  IF u.id IS NULL THEN
    INSERT INTO sign_ups(id, token_sha256, browser_sha256, sealed, password_hash, expires_at)
      VALUES (p_id, p_token_sha256, p_browser_sha256, p_sealed, p_password_hash,
              clock_timestamp() + make_interval(secs => p_lifetime_s));
  END IF;
  RETURN QUERY SELECT u.id IS NOT NULL, count_try(p_mail_key, p_mail_limit, 3600, ARRAY[3600], 2147483647) = 0, u.language;
END $$;

-- What the mailed link stands for.
CREATE FUNCTION find_sign_up(p_token_sha256 bytea)
RETURNS TABLE(id uuid, state text, past_deadline boolean, browser_sha256 bytea, password_hash text, refused_code text,
              lease_owner text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  SELECT id, state, expires_at <= clock_timestamp(), browser_sha256, password_hash, refused_code, lease_owner
    FROM sign_ups WHERE token_sha256 = p_token_sha256;
$$;

-- Takes a sign-up to work on it, and confirms a pending one. p_dead_owner: a lease holder seen to be gone. The epoch
-- makes an earlier holder's late commit match no row.
CREATE FUNCTION claim_sign_up(p_id uuid, p_owner text, p_dead_owner text, p_lease_s int)
RETURNS TABLE(epoch bigint, state text, user_id uuid, sealed bytea, password_hash text, billing_customer_id text,
              confirmed_now boolean, tries int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
DECLARE
  s sign_ups;
  at timestamptz;
BEGIN
  SELECT * INTO s FROM sign_ups WHERE id = p_id FOR UPDATE;
  at := clock_timestamp();
  IF s.id IS NULL OR s.state IN ('active', 'refused') OR (s.state = 'pending' AND s.expires_at <= at)
     OR (s.lease_until > at AND s.lease_owner IS DISTINCT FROM p_dead_owner) THEN
    RETURN;
  END IF;
  RETURN QUERY
    UPDATE sign_ups u SET epoch = u.epoch + 1, lease_owner = p_owner,
        lease_until = at + make_interval(secs => p_lease_s), tries = u.tries + 1,
        state = CASE WHEN u.state = 'pending' THEN 'confirmed' ELSE u.state END,
        confirmed_at = coalesce(u.confirmed_at, at)
      WHERE u.id = p_id
      RETURNING u.epoch, u.state, u.user_id, u.sealed, u.password_hash, u.billing_customer_id, s.state = 'pending',
                u.tries;
END $$;

-- Confirmed sign-ups that nobody is at work on and whose time to try again has come.
CREATE FUNCTION sign_ups_to_finish(p_limit int)
RETURNS TABLE(id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  SELECT id FROM sign_ups
    WHERE state IN ('confirmed', 'customer_created') AND next_try_at <= now() AND coalesce(lease_until <= now(), true)
    ORDER BY next_try_at LIMIT p_limit;
$$;

CREATE FUNCTION has_account(p_email text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  SELECT EXISTS (SELECT FROM users WHERE email = p_email);
$$;

-- Keeps a reset; an older link of the same person dies. For an unknown address the row has no user.
CREATE FUNCTION request_reset(p_email text, p_token_sha256 bytea, p_lifetime_s int, p_mail_key bytea, p_mail_limit int)
RETURNS TABLE(known boolean, may_mail boolean, email_as_typed text, language text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
DECLARE
  u users;
BEGIN
  SELECT * INTO u FROM users WHERE email = p_email AND state = 'active';
  DELETE FROM resets WHERE user_id = u.id AND used_at IS NULL;
  INSERT INTO resets(token_sha256, user_id, expires_at)
    VALUES (p_token_sha256, u.id, clock_timestamp() + make_interval(secs => p_lifetime_s));
  RETURN QUERY SELECT u.id IS NOT NULL, count_try(p_mail_key, p_mail_limit, 3600, ARRAY[3600], 2147483647) = 0,
                      u.email_as_typed, u.language;
END $$;

-- state: ok, used, expired.
CREATE FUNCTION find_reset(p_token_sha256 bytea)
RETURNS TABLE(state text, user_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
  SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'ok' END,
         user_id
    FROM resets WHERE token_sha256 = p_token_sha256 AND user_id IS NOT NULL;
$$;
