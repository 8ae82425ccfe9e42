"""`python -m bench.duckdb_lines KIND LOG LIST THREADS`: counts the hitting lines of a log with DuckDB.

The query is an expert's: distinct values first, then hash joins; names by their suffixes, addresses and
`address:port` as text, IPv4 networks by prefix. It misses other spellings of IPv6, and IPv6 networks:
DuckDB's address type is an extension that must be downloaded.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

_MACROS = r"""
CREATE MACRO is_ipv4(text) AS regexp_full_match(text, '\d{1,3}(\.\d{1,3}){3}');
CREATE MACRO number(text) AS list_reduce(
    list_transform(string_split(text, '.'), lambda x: x::BIGINT), lambda a, b: a * 256 + b);
"""

LINES: Mapping[str, str] = {
    "zeek-dns": r"""
        SELECT row_number() OVER () AS line, lower(rtrim(c[10], '.')) AS name,
               string_split(c[22], ',') AS more,
               c[5] AS server, c[5] || ':' || c[6] AS endpoint
        FROM (SELECT string_split(text, E'\t') AS c
              FROM read_csv($log, columns={'text': 'VARCHAR'}, header=false, delim='\x01', quote='',
                            escape='', comment='#'))""",
    "eve": """
        SELECT row_number() OVER () AS line,
               lower(rtrim(coalesce(dns.rrname, http.hostname, tls.sni), '.')) AS name,
               list_transform(dns.answers, lambda x: x.rdata) AS more,
               dest_ip AS server, dest_ip || ':' || dest_port AS endpoint
        FROM read_json($log, format='newline_delimited', columns={
            dest_ip: 'VARCHAR', dest_port: 'VARCHAR',
            dns: 'STRUCT(rrname VARCHAR, answers STRUCT(rdata VARCHAR)[])',
            http: 'STRUCT(hostname VARCHAR)', tls: 'STRUCT(sni VARCHAR)'})""",
}

_QUERY = r"""
WITH list AS (
    SELECT item FROM read_csv($list, columns={'item': 'VARCHAR'}, header=false, delim='\x01', quote='',
                              escape='')),
nets AS (
    SELECT split_part(item, '/', 2)::INT AS bits, number(split_part(item, '/', 1)) AS net FROM list
    WHERE is_ipv4(split_part(item, '/', 1)) AND regexp_full_match(split_part(item, '/', 2), '[0-9]+')),
lengths AS (SELECT DISTINCT bits FROM nets),
lines AS (-- the log
),
seen AS (
    SELECT line, unnest(list_concat([name, server, endpoint], coalesce(more, []))) AS value FROM lines),
texts AS (SELECT DISTINCT value FROM seen WHERE value IS NOT NULL),
labels AS (
    SELECT value, string_split(lower(rtrim(value, '.')), '.') AS parts FROM texts WHERE NOT is_ipv4(value)),
suffixes AS (
    SELECT value, array_to_string(parts[i:], '.') AS suffix
    FROM (SELECT value, parts, unnest(range(1, len(parts) + 1)) AS i FROM labels)),
hits AS (
    SELECT value FROM texts SEMI JOIN list ON value = item
    UNION SELECT value FROM suffixes SEMI JOIN list ON suffix = item
    UNION SELECT value
          FROM (SELECT value, bits, number(value) AS address FROM texts, lengths WHERE is_ipv4(value)) AS a
          JOIN nets ON nets.bits = a.bits AND net >> (32 - nets.bits) = address >> (32 - a.bits))
SELECT count(DISTINCT line) FROM seen SEMI JOIN hits USING (value)
"""


def main() -> None:
    """Print the number of lines that hit."""
    import duckdb

    kind, log, plain, threads = sys.argv[1:]
    database = duckdb.connect(config={"threads": int(threads)})
    database.execute(_MACROS)
    query = _QUERY.replace("-- the log", LINES[kind])
    row = database.execute(query, {"log": log, "list": plain}).fetchone()
    print(row[0] if row else 0)


if __name__ == "__main__":
    main()
