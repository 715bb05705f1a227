"""What a SQL statement does, to which tables; and that no text takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sql import LONGEST, MOST_TABLES, put_statement, read_statement
from rules.ecs import Document


@pytest.mark.parametrize(
    ("text", "expected", "tables"),
    [
        ("SELECT * FROM hr.salaries", "read", ["hr.salaries"]),
        ('select 1 from (select 1 from e) x, dept join "hr"."Pay" on 1=1', "read", ["e", "dept", "hr.Pay"]),
        ("SELECT extract(year from born), trim(both from x) FROM people", "read", ["people"]),
        ("SELECT * FROM generate_series(1, 2) g, t", "read", ["t"]),
        ("select case when a is distinct from b then 1 end from t for update", "read", ["t"]),
        ("select 'it''s from nowhere' from `t`; ", "read", ["t"]),
        ("/*!50000 SELECT */ * FROM t -- from x", "read", ["t"]),
        ("WITH q AS (SELECT * FROM t) SELECT * FROM q JOIN z USING (id)", "read", ["t", "z"]),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "write", ["t"]),
        ("COPY salaries TO STDOUT", "read", ["salaries"]),
        ("COPY (SELECT * FROM x) TO PROGRAM 'curl'", "read", ["x"]),
        ("COPY t (a, b) FROM stdin", "write", ["t"]),
        ("INSERT INTO t (a) SELECT * FROM s", "write", ["t", "s"]),
        ("insert into t values (1) on duplicate key update a = 1", "write", ["t"]),
        ("UPDATE a SET x = 1 WHERE y IN (SELECT z FROM b)", "write", ["a", "b"]),
        ("DELETE FROM ONLY t USING u", "write", ["t", "u"]),
        ("MERGE INTO t USING s ON 1 = 1", "write", ["t", "s"]),
        ("TRUNCATE TABLE a, b", "write", ["a", "b"]),
        ("create table if not exists hr.copy as select * from salaries", "ddl", ["hr.copy", "salaries"]),
        ("create unique index i on t (a)", "ddl", ["t"]),
        ("DROP TABLE [dbo].[Customers]", "ddl", ["dbo.Customers"]),
        ("SELECT 1; DROP TABLE x", "ddl", ["x"]),
        ("GRANT SELECT ON salaries TO bob", "role", ["salaries"]),
        ("GRANT ALL ON hr.* TO 'bob'@'%'", "role", []),
        ("REVOKE ALL ON DATABASE hr FROM bob", "role", []),
        ("CREATE USER bob IDENTIFIED BY 'x'", "role", []),
        ("exec sp_addsrvrolemember 'bob', 'sysadmin'", "role", []),
        ("EXEC xp_cmdshell 'dir'", "function", []),
        ("DO $$ BEGIN PERFORM x FROM y; END $$", "function", []),
        ("EXPLAIN ANALYZE SELECT * FROM t", "read", ["t"]),
        ("EXPLAIN SELECT * FROM t", "misc", ["t"]),
        ("SET ROLE admin", "misc", []),
        ("begin transaction", "misc", []),
        ("select * from dual", "read", []),
    ],
)  # fmt: skip
def test_class_and_tables(text: str, expected: str, tables: list[str]) -> None:
    statement = read_statement(text)
    assert statement is not None
    assert (statement.statement_class, list(statement.tables)) == (expected, tables)


@pytest.mark.parametrize("text", ["", "  ", "-- nothing", ";;"])
def test_what_holds_no_word_is_no_statement(text: str) -> None:
    assert read_statement(text) is None


def test_tables_are_named_without_their_schemas_and_a_join_hides_none() -> None:
    document: Document = {}
    put_statement(document, "select * from cheap c join hr.salaries s on true", default_database="crm")
    assert document["database"] == {
        "name": "crm",
        "statement": "select * from cheap c join hr.salaries s on true",
        "statement_class": "read",
        "table": ["cheap", "salaries"],
    }


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    statement = read_statement(text)
    assert statement is None or len(statement.tables) <= MOST_TABLES


@pytest.mark.parametrize(
    "filling", [" ", "a", "'", '"', "(", "$a$", "/*", "[", "`", "from ", "from a,", "--", "*/", "\\"]
)
def test_time_follows_length(filling: str) -> None:
    def seconds(length: int) -> float:
        text = "select * from " + filling * (length // len(filling))
        begun = time.thread_time()
        read_statement.__wrapped__(text)
        return time.thread_time() - begun

    long = seconds(LONGEST)
    if long > 0.02:
        assert min(long, seconds(LONGEST)) < 40 * max(min(seconds(LONGEST // 8) for _ in range(3)), 0.0005)
