-- 票决 on a PostgreSQL server that others run (15 or newer). Once, as a superuser: psql --file docs/deploy/postgres.sql
-- Then give both roles a password (\password) or a line of pg_hba.conf, and put their addresses into DATABASE_OWNER_URL
-- (used by `manage.py migrate` alone) and DATABASE_URL (used by everything else).

CREATE ROLE piaojue_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION;
CREATE ROLE piaojue_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION;
CREATE DATABASE piaojue OWNER piaojue_owner ENCODING 'UTF8' TEMPLATE template0;

-- A statement in the server's log, or the place of a row somebody waits for, would name a voter beside the time of the
-- cast: while one of these is set otherwise, no vote by device opens, and `manage.py check --deploy --database default`
-- names it. The server's own settings stay as they are for everybody else. track_commit_timestamp is the whole server's,
-- and off unless somebody turned it on.
ALTER ROLE piaojue_app SET log_statement = 'none';
ALTER ROLE piaojue_app SET log_duration = off;
ALTER ROLE piaojue_app SET log_min_duration_statement = -1;
ALTER ROLE piaojue_app SET log_min_duration_sample = -1;
ALTER ROLE piaojue_app SET log_transaction_sample_rate = 0;
ALTER ROLE piaojue_app SET log_min_error_statement = 'panic';
ALTER ROLE piaojue_app SET log_min_messages = 'warning';
ALTER ROLE piaojue_app SET log_lock_waits = off;
ALTER ROLE piaojue_app SET log_error_verbosity = 'terse';
ALTER ROLE piaojue_app SET log_parameter_max_length = 0;
ALTER ROLE piaojue_app SET log_parameter_max_length_on_error = 0;

-- Every table is behind its policies, so plans look dear and are short-lived: compiling them took seconds where the
-- statement took milliseconds.
ALTER ROLE piaojue_app SET jit = off;
