-- A database of schema 1 with three messages, a value and a client.
PRAGMA application_id = 1299412081;
PRAGMA user_version = 1;

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY,
    time         INTEGER NOT NULL,
    topic        TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    publisher    TEXT,
    address      TEXT    NOT NULL,
    updated_time INTEGER NOT NULL,
    kind         INTEGER NOT NULL
) STRICT;
CREATE TABLE last_values (
    topic        TEXT    PRIMARY KEY,
    id           INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    payload      TEXT    NOT NULL,
    publisher    TEXT,
    address      TEXT    NOT NULL,
    updated_time INTEGER NOT NULL,
    kind         INTEGER NOT NULL
) STRICT;
CREATE TABLE clients (
    name         TEXT    PRIMARY KEY,
    address      TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    picked_up_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE subscriptions (
    client       TEXT    NOT NULL,
    filter       TEXT    NOT NULL,
    since_id     INTEGER NOT NULL,
    PRIMARY KEY (client, filter)
) STRICT, WITHOUT ROWID;

INSERT INTO messages VALUES
    (1, 1000, '/a', 'one',   NULL, '10.0.0.1', 1, 0),
    (2, 2000, '/a', 'two å', 'x',  '10.0.0.1', 2, 0),
    (3, 3000, '/b', 'three', NULL, '10.0.0.1', 3, 1);
INSERT INTO last_values VALUES
    ('/a', 2, 2000, 'two å', 'x', '10.0.0.1', 2, 0),
    ('/b', 3, 3000, 'three', NULL, '10.0.0.1', 3, 1);
INSERT INTO clients VALUES ('panel', '10.0.0.2', 500, 1);
INSERT INTO subscriptions VALUES ('panel', '/#', 0);
