-- Run on every connection that writes, before it does.
--
-- A crash of the server may take back relaxed batches, and the sequence with them: then versions that somebody has
-- read would be given to other rows. A crash ends all connections, so each new one begins with a jump that is far
-- wider than what can be lost (PostgreSQL flushes after at most three times `wal_writer_delay`, 30 seconds). The gate
-- keeps commits out meanwhile, and `setval` writes to the log, so this is on stable media before the first commit.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
SELECT pg_advisory_xact_lock(hashtextextended('', 'kitflik'::regclass::oid::bigint));
SELECT setval('kitflik_version', (SELECT last_value FROM kitflik_version) + 16777216);
COMMIT;
