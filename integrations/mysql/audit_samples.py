"""Test records of ``mysql.audit``, each with the fields that its document must have."""

from __future__ import annotations

from integrations.contract import Sample

AUDIT_SAMPLES = (
    Sample(
        "<134>Mar 30 16:01:36 db-1 mysql-server_auditing: db-1,bob,192.0.2.10,5,12,QUERY,app,'SELECT * FROM customers',0",
        {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "mysql-query", "user.name": "bob", "source.ip": "192.0.2.10", "database.table": "customers", "host.name": "db-1"},
    ),
    Sample('[\n{ "timestamp": "2026-03-30 16:01:36", "id": 9, "class": "audit", "event": "shutdown", "connection_id": 0, "shutdown_data": { "server_id": 1 } }\n]',
           {"event.action": "mysql-shutdown", "service.id": "1"}),
    Sample('<?xml version="1.0" encoding="utf-8"?>\n<AUDIT>\n <AUDIT_RECORD>\n  <TIMESTAMP>2026-03-30T16:01:36 UTC</TIMESTAMP>\n  <NAME>Audit</NAME>\n'
           "  <SERVER_ID>1</SERVER_ID>\n  <VERSION>1</VERSION>\n </AUDIT_RECORD>\n</AUDIT>",
           {"event.action": "mysql-audit", "service.id": "1"}),
    Sample('{ "timestamp": "2026-03-30 16:01:36", "id": 0, "class": "connection", "event": "connect", "connection_id": 12, '
           '"account": { "user": "alice", "host": "app-1" }, "login": { "user": "alice", "os": "", "ip": "198.51.100.7", "proxy": "" }, '
           '"connection_data": { "connection_type": "ssl", "status": 0, "db": "hr", "connection_attributes": { "_pid": "43236" } } },',
           {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "mysql-connect", "event.category": ["database", "authentication"],
            "event.type": ["start"], "event.outcome": "success", "user.name": "alice", "server.user.name": "alice", "client.ip": "198.51.100.7",
            "client.domain": "app-1", "database.name": "hr", "vendor.connection_data.connection_type": "ssl"}),
    Sample('{ "timestamp": "2026-03-30 16:01:36", "id": 1, "class": "connection", "event": "connect", "connection_id": 13, '
           '"account": { "user": "root", "host": "" }, "login": { "user": "root", "os": "", "ip": "203.0.113.9", "proxy": "" }, '
           '"connection_data": { "connection_type": "tcp/ip", "status": 1045, "db": "" } }',
           {"event.outcome": "failure", "event.type": ["start", "denied"], "event.code": "1045", "source.ip": "203.0.113.9"}),
    Sample('{ "timestamp": "2026-03-30 16:01:36", "id": 2, "class": "general", "event": "status", "connection_id": 12, '
           '"account": { "user": "alice", "host": "app-1" }, "login": { "user": "alice", "os": "", "ip": "198.51.100.7", "proxy": "" }, '
           '"general_data": { "command": "Query", "sql_command": "select", "query": "SELECT * FROM hr.salaries", "status": 0 }, '
           '"query_statistics": { "query_time": 0.5, "bytes_sent": 99, "bytes_received": 9, "rows_sent": 250000, "rows_examined": 250000 } }',
           {"event.action": "mysql-status", "event.category": ["database"], "event.type": ["access"], "database.name": "hr",
            "database.table": "salaries", "database.statement_class": "read", "database.rows": 250000, "event.duration": 500000000}),
    Sample('{ "timestamp": "2026-03-30 16:01:36", "id": 3, "class": "table_access", "event": "insert", "connection_id": 12, '
           '"account": { "user": "alice", "host": "app-1" }, "login": { "user": "alice", "os": "", "ip": "198.51.100.7", "proxy": "" }, '
           '"table_access_data": { "db": "hr", "table": "salaries", "query": "INSERT INTO salaries VALUES(1)", "sql_command": "insert" } }',
           {"event.action": "mysql-insert", "event.type": ["change"], "database.table": "salaries", "database.statement_class": "write",
            "event.outcome": "unknown"}),
    Sample('{ "timestamp": "2026-03-30 16:01:36", "id": 0, "class": "audit", "event": "startup", "connection_id": 0, "startup_data": '
           '{ "server_id": 1, "os_version": "x86_64-Linux", "mysql_version": "8.0.36-commercial", "args": ["/usr/sbin/mysqld"] } }',
           {"event.action": "mysql-startup", "event.outcome": "unknown", "service.id": "1", "service.version": "8.0.36-commercial",
            "host.os.full": "x86_64-Linux"}),
    Sample("<AUDIT_RECORD>\n  <TIMESTAMP>2026-03-30T16:01:36 UTC</TIMESTAMP>\n  <RECORD_ID>6_2026-03-30T14:06:33</RECORD_ID>\n  <NAME>Query</NAME>\n"
           "  <CONNECTION_ID>5</CONNECTION_ID>\n  <STATUS>0</STATUS>\n  <STATUS_CODE>0</STATUS_CODE>\n  <USER>root[root] @ localhost [127.0.0.1]</USER>\n"
           "  <OS_LOGIN/>\n  <HOST>localhost</HOST>\n  <IP>127.0.0.1</IP>\n  <COMMAND_CLASS>drop_table</COMMAND_CLASS>\n"
           "  <SQLTEXT>DROP TABLE IF EXISTS t &lt;x&gt;</SQLTEXT>\n </AUDIT_RECORD>",
           {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "mysql-query", "event.type": ["deletion"], "user.name": "root",
            "source.ip": "127.0.0.1", "source.domain": "localhost", "database.statement": "DROP TABLE IF EXISTS t <x>", "database.table": "t",
            "database.statement_class": "ddl", "vendor.command_class": "drop_table"}),
    Sample('<AUDIT_RECORD TIMESTAMP="2026-03-30T16:01:36 UTC" RECORD_ID="7_2026" NAME="Connect" CONNECTION_ID="5" STATUS="1045" STATUS_CODE="1" '
           'USER="bob" OS_LOGIN="" HOST="app-1" IP="198.51.100.7" COMMAND_CLASS="connect" PRIV_USER="bob" PROXY_USER="" DB="hr"/>',
           {"event.action": "mysql-connect", "event.outcome": "failure", "user.name": "bob", "source.ip": "198.51.100.7", "database.name": "hr"}),
    Sample("20260330 16:01:36,db-1,alice,198.51.100.7,25,141,QUERY,hr,'select * from salaries where name = \\'x\\' limit 1,2',0",
           {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "mysql-query", "event.outcome": "success", "host.name": "db-1",
            "user.name": "alice", "source.ip": "198.51.100.7", "database.name": "hr", "database.table": "salaries", "event.type": ["access"],
            "database.statement": "select * from salaries where name = 'x' limit 1,2", "vendor.connectionid": 25}),
    Sample("20260330 16:01:36,db-1,root,203.0.113.9,26,0,FAILED_CONNECT,,,1045",
           {"event.action": "mysql-failed-connect", "event.outcome": "failure", "event.type": ["start", "denied"], "event.code": "1045",
            "database.name": None}),
    Sample("20260330 16:01:36,db-1,alice,app-1,25,142,READ,hr,salaries,",
           {"event.action": "mysql-read", "database.table": "salaries", "database.statement_class": "read", "event.outcome": "unknown",
            "source.domain": "app-1"}),
    Sample("20260330 16:01:36,db-1,alice,app-1,25,0,DISCONNECT,hr,,0", {"event.action": "mysql-disconnect", "event.type": ["end"]}),
    Sample('{"audit_record":{"name":"Query","record":"4707_2026-03-30T10:43:52","timestamp":"2026-03-30T16:01:36 UTC","command_class":"grant",'
           '"connection_id":"37","status":0,"sqltext":"GRANT ALL ON *.* TO eve","user":"root[root] @ localhost []","host":"localhost","os_user":"","ip":"","db":"mysql"}}',
           {"event.category": ["database", "iam"], "database.statement_class": "role", "user.name": "root", "source.domain": "localhost",
            "vendor.audit_record.command_class": "grant"}),
    Sample('"Query","49284_2026-03-30T10:47:11","2026-03-30T16:01:36 UTC","select","37",1142,"select ""a""\nfrom salaries","bob[bob] @ app-1 [198.51.100.7]",'
           '"app-1","","198.51.100.7","hr"',
           {"event.outcome": "failure", "event.code": "1142", "user.name": "bob", "database.statement": 'select "a"\nfrom salaries',
            "database.name": "hr", "source.ip": "198.51.100.7"}),
)  # fmt: skip
