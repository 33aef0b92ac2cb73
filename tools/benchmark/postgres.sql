-- SPDX-License-Identifier: EUPL-1.2
-- What a team would build for the same transaction: a signal, notices to all who know the child, and
-- an entry of a log in which each row holds the hash of the one before. Rows have what vixd's have,
-- as far as PostgreSQL can have it at no cost: no sealing, no pseudonym, no tree, no signature.
CREATE TABLE signal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    child bytea NOT NULL,
    party integer NOT NULL,
    professional text NOT NULL,
    reported timestamptz NOT NULL DEFAULT now(),
    live boolean NOT NULL DEFAULT true
);
CREATE TABLE notice (
    party integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    own_signal bigint NOT NULL,
    about_signal bigint NOT NULL,
    made timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (party, id)
);
CREATE TABLE log (
    position bigint PRIMARY KEY,
    made timestamptz NOT NULL,
    party integer NOT NULL,
    event text NOT NULL,
    child bytea NOT NULL,
    told integer NOT NULL,
    hash bytea NOT NULL
);
-- One row, which every transaction locks: room for its versions on its own page.
CREATE TABLE log_end (position bigint NOT NULL, hash bytea NOT NULL) WITH (fillfactor = 10);
INSERT INTO log_end VALUES (0, sha256('log'));

-- :signals signals of :children children and 64 parties.
INSERT INTO signal (child, party, professional)
    SELECT sha256(int8send(1 + floor(random() * :children)::bigint)),
           1 + floor(random() * 64)::integer, 'bench'
    FROM generate_series(1, :signals);
CREATE INDEX signal_of_child ON signal (child) WHERE live;

CREATE FUNCTION post(the_child bytea, the_party integer, the_professional text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    known integer := 0;
    last_position bigint;
    last_hash bytea;
    at timestamptz := clock_timestamp();
BEGIN
    -- Two who signal one child at the same moment would not see each other without this.
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(the_child, 'hex'), 0));
    INSERT INTO signal (child, party, professional)
        VALUES (the_child, the_party, the_professional) RETURNING id INTO own;
    INSERT INTO notice (party, own_signal, about_signal)
        SELECT party, id, own FROM signal
        WHERE child = the_child AND live
          AND EXISTS (SELECT FROM signal WHERE child = the_child AND live AND id <> own);
    GET DIAGNOSTICS known = ROW_COUNT;
    -- Last, as it is held until the commit is on the disk.
    SELECT position, hash INTO last_position, last_hash FROM log_end FOR UPDATE;
    last_position := last_position + 1;
    last_hash := sha256(last_hash || int8send(last_position)
                        || convert_to(at::text || 'post', 'UTF8')
                        || int4send(the_party) || the_child || int4send(known));
    INSERT INTO log VALUES (last_position, at, the_party, 'post', the_child, known, last_hash);
    UPDATE log_end SET position = last_position, hash = last_hash;
    RETURN known;
END
$$;
VACUUM ANALYZE;
