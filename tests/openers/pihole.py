"""Pi-hole's database, from before version 5 and of today."""

from __future__ import annotations

import sqlite3
from pathlib import Path

OLD = """
CREATE TABLE queries (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, type INTEGER NOT NULL,
  status INTEGER NOT NULL, domain TEXT NOT NULL, client TEXT NOT NULL, forward TEXT);
INSERT INTO queries VALUES (1, 1663300800, 1, 2, 'a.evil.example', '192.168.1.20', '203.0.113.53');
INSERT INTO queries VALUES (2, 1663300801, 1, 1, 'b.evil.example', '192.168.1.21', NULL);
INSERT INTO queries VALUES (3, 1663300802, 1, 2, 'good.example', '192.168.1.21', NULL);
"""
NEW = """
CREATE TABLE query_storage (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
  type INTEGER NOT NULL, status INTEGER NOT NULL, domain INTEGER NOT NULL, client INTEGER NOT NULL,
  forward INTEGER, additional_info INTEGER, reply_type INTEGER, reply_time REAL, dnssec INTEGER, list_id
  INTEGER);
CREATE TABLE domain_by_id (id INTEGER PRIMARY KEY, domain TEXT NOT NULL);
CREATE TABLE client_by_id (id INTEGER PRIMARY KEY, ip TEXT NOT NULL, name TEXT);
CREATE TABLE forward_by_id (id INTEGER PRIMARY KEY, forward TEXT NOT NULL);
CREATE TABLE addinfo_by_id (id INTEGER PRIMARY KEY, type INTEGER NOT NULL, content NOT NULL);
CREATE TABLE network (id INTEGER PRIMARY KEY, hwaddr TEXT, interface TEXT, firstSeen INTEGER, lastQuery
INTEGER);
CREATE TABLE network_addresses (network_id INTEGER, ip TEXT, lastSeen INTEGER, name TEXT);
CREATE VIEW queries AS WITH RECURSIVE endless(timestamp) AS (SELECT 1 UNION ALL SELECT timestamp FROM endless)
  SELECT * FROM endless;
INSERT INTO domain_by_id VALUES (1, 'a.evil.example'), (2, 'shop.example'), (3, 'b.evil.example');
INSERT INTO client_by_id VALUES (1, '192.168.1.20', 'pc-20.lan'), (2, '192.168.1.21', NULL);
INSERT INTO addinfo_by_id VALUES (1, 2, 'c.evil.example');
INSERT INTO network VALUES (1, '02:00:00:00:00:14', 'eth0', 0, 0), (2, 'ip-192.168.1.21', 'eth0', 0, 0);
INSERT INTO network_addresses VALUES (1, '192.168.1.20', 1, 'pc-20.lan'), (2, '192.168.1.21', 1, NULL);
INSERT INTO query_storage (timestamp, type, status, domain, client, reply_type, additional_info) VALUES
  (1663300800.25, 1, 2, 1, 1, 4, NULL), (1663300801.5, 1, 9, 2, 2, 4, 1), (1663300802.5, 1, 3, 3, 2, 2, NULL);
"""
BEGAN = """
CREATE TABLE ftl (id INTEGER PRIMARY KEY NOT NULL, value BLOB NOT NULL);
INSERT INTO ftl VALUES (2, 1663300799);
"""


def database(path: Path, script: str) -> Path:
    with sqlite3.connect(path) as db:
        db.executescript(f"BEGIN; {script} COMMIT;")
    db.close()
    return path
