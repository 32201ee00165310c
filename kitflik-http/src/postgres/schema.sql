-- What the store needs in the database: run at every start, in one transaction, and safe to run again. Once all of it
-- is there, nothing is created, so that the role of the servers need not own it.
--
-- One after the other: servers that start together would create the same things at once.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('kitflik schema', 0));

DO $schema$
BEGIN
    IF to_regclass('kitflik') IS NULL THEN
        CREATE TABLE kitflik (
            key text COLLATE "C" PRIMARY KEY,
            value bytea NOT NULL,
            version bigint NOT NULL
        ) WITH (fillfactor = 80); -- rows are rewritten in place while their page has room
        COMMENT ON TABLE kitflik IS
            'KitFlik: one row for each key. Only KitFlik writes here; kitflik_json is for people.';
    END IF;

    -- JavaScript counts exactly up to 2^53 - 1.
    IF to_regclass('kitflik_version') IS NULL THEN
        CREATE SEQUENCE kitflik_version AS bigint MAXVALUE 9007199254740991;
    END IF;

    IF to_regprocedure('kitflik_as_json(bytea)') IS NULL THEN
        CREATE FUNCTION kitflik_as_json(value bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $function$
        BEGIN
            RETURN convert_from(value, 'UTF8')::jsonb;
        EXCEPTION WHEN others THEN
            RETURN NULL;
        END $function$;
    END IF;

    IF to_regclass('kitflik_json') IS NULL THEN
        CREATE VIEW kitflik_json AS SELECT key, kitflik_as_json(value) AS value, version FROM kitflik;
        COMMENT ON VIEW kitflik_json IS 'KitFlik: what is stored, to read and to report on. NULL is no JSON.';
    END IF;

    -- Another body is another number, so that servers of two versions can run side by side.
    IF to_regprocedure(
        'kitflik_commit_1(text[],boolean[],boolean[],int[],int[],bigint[],int[],int[],text[],bytea[])') IS NULL
    THEN
        -- Applies many batches, one after the other, in one transaction. Answers a number for each: the version of
        -- what it wrote, or, below zero, the slot of a key whose check did not hold.
        --
        -- A slot is the place of a key in `keys`, from 1; `written` says which of them a batch wants to write. Checks
        -- and writes are in the order of their batches; a check without a version is for a key without a row, a
        -- write without a value deletes.
        CREATE FUNCTION kitflik_commit_1(
            keys text[], written boolean[], durable boolean[],
            check_batch int[], check_slot int[], check_version bigint[],
            write_batch int[], write_slot int[], write_key text[], write_value bytea[])
        RETURNS bigint[] LANGUAGE plpgsql VOLATILE
        SET plan_cache_mode = force_generic_plan
        SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
        AS $function$
        DECLARE
            store bigint := 'kitflik'::regclass::oid::bigint;
            current_version bigint[];
            write_version bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(write_batch)]);
            last_write int[] := array_fill(0, ARRAY[cardinality(keys)]);
            outcomes bigint[] := array_fill(0::bigint, ARRAY[cardinality(durable)]);
            next_check int := 1;
            next_write int := 1;
            slot int;
            outcome bigint;
            flush boolean := false;
            puts boolean := false;
            deletes boolean := false;
        BEGIN
            -- With one snapshot for the whole transaction the checks below would see rows from before the locks.
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'kitflik_commit must run as READ COMMITTED, not %',
                    upper(current_setting('transaction_isolation')) USING ERRCODE = 'invalid_transaction_state';
            END IF;

            -- The gate: shut only while a server makes the versions jump (see connect.sql). No key is empty.
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('', store));

            -- From here to the end of the transaction nobody else changes a key that is checked, nor reads one for
            -- a decision that is written: in the order of their numbers, so that no two wait for each other.
            PERFORM CASE WHEN l.written THEN pg_advisory_xact_lock(l.id) ELSE pg_advisory_xact_lock_shared(l.id) END
            FROM (
                SELECT hashtextextended(k.key, store) AS id, bool_or(k.written) AS written
                FROM unnest(keys, written) AS k (key, written) GROUP BY 1 ORDER BY 1
            ) AS l;

            -- A statement of its own: it sees what was committed before the locks were given.
            SELECT array_agg(t.version ORDER BY k.slot) INTO current_version
            FROM unnest(keys) WITH ORDINALITY AS k (key, slot) LEFT JOIN kitflik AS t ON t.key = k.key;

            FOR batch IN 1 .. cardinality(durable) LOOP
                outcome := 0;
                WHILE check_batch[next_check] = batch LOOP
                    slot := check_slot[next_check];
                    IF outcome = 0 AND current_version[slot] IS DISTINCT FROM check_version[next_check] THEN
                        outcome := -slot;
                    END IF;
                    next_check := next_check + 1;
                END LOOP;
                IF outcome = 0 THEN
                    -- Taken under the locks: a later write of a key has a higher version.
                    outcome := nextval('kitflik_version');
                    flush := flush OR durable[batch];
                END IF;
                WHILE write_batch[next_write] = batch LOOP
                    IF outcome > 0 THEN
                        slot := write_slot[next_write];
                        IF last_write[slot] > 0 THEN
                            write_version[last_write[slot]] := NULL;
                        END IF;
                        last_write[slot] := next_write;
                        write_version[next_write] := outcome;
                        IF write_value[next_write] IS NULL THEN
                            deletes := true;
                            current_version[slot] := NULL;
                        ELSE
                            puts := true;
                            current_version[slot] := outcome;
                        END IF;
                    END IF;
                    next_write := next_write + 1;
                END LOOP;
                outcomes[batch] := outcome;
            END LOOP;

            IF deletes THEN
                DELETE FROM kitflik AS t
                USING unnest(write_key, write_value, write_version) AS w (key, value, version)
                WHERE w.version IS NOT NULL AND w.value IS NULL AND t.key = w.key;
            END IF;
            IF puts THEN
                INSERT INTO kitflik AS t (key, value, version)
                SELECT w.key, w.value, w.version
                FROM unnest(write_key, write_value, write_version) AS w (key, value, version)
                WHERE w.version IS NOT NULL AND w.value IS NOT NULL
                ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version;
            END IF;

            IF NOT flush THEN
                PERFORM set_config('synchronous_commit', 'off', true);
            ELSE
                -- Stronger settings than `on` stay as the operator made them.
                IF current_setting('synchronous_commit') = 'off' THEN
                    PERFORM set_config('synchronous_commit', 'on', true);
                END IF;
                -- A transaction that wrote nothing is not flushed at its commit, and nor is one that has only a
                -- number. This writes a few bytes to the log, so that the commit puts all before it on stable media.
                IF NOT puts THEN
                    PERFORM pg_logical_emit_message(true, 'kitflik', '');
                END IF;
            END IF;
            RETURN outcomes;
        END $function$;
    END IF;
END $schema$;

COMMIT;
