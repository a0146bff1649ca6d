-- Every effect is a row, so that one that happened twice can be seen.
CREATE TABLE posted(n bigint NOT NULL, job bigint NOT NULL);
CREATE TABLE heard(n bigint NOT NULL, key text NOT NULL, at bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE ticks(at timestamptz NOT NULL DEFAULT clock_timestamp());
