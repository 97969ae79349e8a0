-- Times are milliseconds since the Unix epoch, durations microseconds. Verdicts are the words of the JSON report.
CREATE TABLE runs (
    run          TEXT PRIMARY KEY,
    started      INTEGER NOT NULL,
    finished     INTEGER,
    interrupted  INTEGER NOT NULL DEFAULT 0,
    seed         TEXT NOT NULL,          -- 64 bits without a sign
    environment  TEXT,
    commit_id    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (started);

CREATE TABLE results (
    run       TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    ordinal   INTEGER NOT NULL,          -- place of the scenario in its run
    test      TEXT NOT NULL,
    verdict   TEXT NOT NULL,
    reason    TEXT,
    started   INTEGER NOT NULL,
    duration  INTEGER NOT NULL,
    accepted  INTEGER NOT NULL,          -- definition mismatches that the project accepts
    details   TEXT,                      -- the whole result as JSON; dropped from old runs
    PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_by_test ON results (test, started);

CREATE TABLE steps (
    run       TEXT NOT NULL,
    ordinal   INTEGER NOT NULL,
    position  INTEGER NOT NULL,          -- place of the step in its scenario, called workflows and teardown included
    step      TEXT NOT NULL,
    service   TEXT,
    method    TEXT,
    path      TEXT,
    verdict   TEXT NOT NULL,
    status    INTEGER,                   -- of the last answer
    attempts  INTEGER NOT NULL,
    started   INTEGER NOT NULL,
    duration  INTEGER NOT NULL,
    PRIMARY KEY (run, ordinal, position),
    FOREIGN KEY (run, ordinal) REFERENCES results (run, ordinal) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What is known of each test, however long ago it ran.
CREATE TABLE tests (
    test                TEXT PRIMARY KEY,
    verdict             TEXT NOT NULL,
    run                 TEXT NOT NULL,
    at                  INTEGER NOT NULL,
    duration            INTEGER NOT NULL,
    passed_run          TEXT,
    passed_at           INTEGER,
    passed_fingerprint  TEXT,
    passed_commit       TEXT
) STRICT, WITHOUT ROWID;

-- Evidence: the test was seen to reach the operation.
CREATE TABLE observed (
    test        TEXT NOT NULL,
    service     TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    is_virtual  INTEGER NOT NULL,
    run         TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (test, service, method, path, is_virtual)
) STRICT, WITHOUT ROWID;

CREATE TABLE edges (
    caller  TEXT NOT NULL,
    callee  TEXT NOT NULL,
    source  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (caller, callee, source)
) STRICT, WITHOUT ROWID;
