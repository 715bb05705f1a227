"""Test records of ``postgresql.log``, each with the fields that its document must have."""

from __future__ import annotations

from integrations.contract import Sample

_CSV = '2026-03-30 16:01:36.123 UTC,"alice","hr",4711,"198.51.100.7:50112",69ca1b80.1267,{line},"{tag}",2026-03-30 16:00:00 UTC,3/17,0,{rest}'

LOG_SAMPLES = (
    Sample('2026-03-30 16:01:36 UTC:192.0.2.10(51234):bob@app:[1234]:FATAL:  password authentication failed for user "bob"',
           {"source.ip": "192.0.2.10", "source.port": 51234, "user.name": "bob", "database.name": "app", "event.outcome": "failure"}),
    Sample("2026-03-30 16:01:36.123 CEST [4711] LOG:  database system is ready to accept connections",
           {"@timestamp": "2026-03-30T14:01:36.123Z", "event.category": ["database"], "event.type": ["info"], "log.level": "LOG",
            "process.pid": 4711, "message": "database system is ready to accept connections", "user.name": None}),
    Sample("2026-03-30 16:01:36 UTC [4711-3] alice@hr LOG:  duration: 37.118 ms  statement: SELECT *\n\tFROM salaries\n\tWHERE true;",
           {"@timestamp": "2026-03-30T16:01:36.000Z", "event.duration": 37118000, "event.action": "statement", "user.name": "alice",
            "database.name": "hr", "database.table": "salaries", "database.statement_class": "read", "process.pid": 4711,
            "database.statement": "SELECT *\n\tFROM salaries\n\tWHERE true;", "vendor.session_line_num": 3, "vendor.query_step": "statement"}),
    Sample("2026-03-30 16:01:36.004 UTC [31136] alice@hr LOG:  duration: 0.5 ms  execute stmt_2: delete from salaries",
           {"event.duration": 500000, "vendor.query_name": "stmt_2", "database.statement_class": "write"}),
    Sample("2026-03-30 16:01:36.004 UTC [31136] LOG:  connection received: host=198.51.100.7 port=50112",
           {"event.action": "connection-received", "event.category": ["database", "network"], "client.ip": "198.51.100.7",
            "source.ip": "198.51.100.7", "source.port": 50112, "related.ip": ["198.51.100.7"]}),
    Sample('2026-03-30 16:01:36.004 UTC [31136] alice@hr LOG:  connection authenticated: identity="alice" method=scram-sha-256 (/etc/pg_hba.conf:7)',
           {"event.action": "connection-authenticated", "event.outcome": "success", "user.name": "alice"}),
    Sample("2026-03-30 16:01:36.004 UTC [31136] alice@hr LOG:  connection authorized: user=alice database=hr application_name=psql SSL enabled "
           "(protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)",
           {"event.action": "connection-authorized", "event.category": ["database", "authentication"], "event.type": ["start"],
            "event.outcome": "success", "user.name": "alice", "database.name": "hr", "tls.version": "1.3", "tls.cipher": "TLS_AES_256_GCM_SHA384"}),
    Sample("2026-03-30 16:01:36.004 UTC [31136] alice@hr LOG:  disconnection: session time: 0:01:02.250 user=alice database=hr host=2001:db8::7 port=5",
           {"event.action": "disconnection", "event.type": ["end"], "event.duration": 62250000000, "source.ip": "2001:db8::7", "source.port": 5}),
    Sample('2026-03-30 16:01:36.004 UTC [31136] bob@hr FATAL:  password authentication failed for user "bob"\n'
           '2026-03-30 16:01:36.004 UTC [31136] bob@hr DETAIL:  Connection matched pg_hba.conf line 95: "host all all all scram-sha-256"',
           {"event.action": "authentication-failed", "event.category": ["database", "authentication"], "event.type": ["start", "denied"],
            "event.outcome": "failure", "user.name": "bob", "log.level": "FATAL",
            "vendor.detail": 'Connection matched pg_hba.conf line 95: "host all all all scram-sha-256"'}),
    Sample('2026-03-30 16:01:36 UTC:203.0.113.9(41022):[unknown]@[unknown]:[812]:FATAL:  no pg_hba.conf entry for host "203.0.113.9", user "postgres", '
           'database "hr", no encryption',
           {"event.action": "authentication-failed", "user.name": "postgres", "database.name": "hr", "source.ip": "203.0.113.9", "source.port": 41022}),
    Sample("2026-03-30 16:01:36.004 UTC [9] bob@hr ERROR:  permission denied for table salaries\n"
           "2026-03-30 16:01:36.004 UTC [9] bob@hr STATEMENT:  select * from salaries",
           {"event.action": "permission-denied", "event.type": ["denied"], "event.outcome": "failure", "database.table": "salaries",
            "database.statement": "select * from salaries", "message": "permission denied for table salaries"}),
    Sample('2026-03-30 16:01:36.004 UTC [9] bob@hr ERROR:  42P01: relation "x" does not exist at character 15\n'
           "2026-03-30 16:01:36.004 UTC [9] bob@hr LOCATION:  parserOpenTable, parse_relation.c:1180",
           {"event.type": ["error"], "event.outcome": "failure", "event.code": "42P01", "message": 'relation "x" does not exist at character 15'}),
    Sample("2026-03-30 16:01:36.004 UTC [9] HINT:  Consider increasing it.", {"log.level": "HINT", "event.type": ["info"]}),
    Sample("2026-03-30 16:01:36.004 UTC [9] alice@hr LOG:  AUDIT: SESSION,4,1,READ,SELECT,TABLE,public.salaries,\"select *\n\t  from salaries\",<not logged>,120000",
           {"event.action": "select", "event.type": ["access"], "database.statement_class": "read", "database.table": "salaries",
            "database.rows": 120000, "database.statement": "select *\n\t  from salaries", "vendor.pgaudit.object_name": "public.salaries",
            "user.name": "alice"}),
    Sample("2026-03-30 16:01:36.004 UTC [9] alice@hr LOG:  AUDIT: SESSION,5,1,ROLE,GRANT,TABLE,,grant all on salaries to bob,<none>",
           {"event.action": "grant", "event.category": ["database", "iam"], "event.type": ["change", "admin"], "database.statement_class": "role"}),
    Sample("2026-03-30 16:01:36.004 UTC [9] alice@hr LOG:  AUDIT: OBJECT,6,1,WRITE,UPDATE,TABLE,hr.salaries,<previously logged>,<previously logged>",
           {"event.action": "update", "event.type": ["change"], "database.table": "salaries", "database.statement": None}),
    Sample(_CSV.format(line=5, tag="authentication", rest='FATAL,28P01,"password authentication failed for user ""alice""",,,,,,,,,"psql","client backend",,0'),
           {"@timestamp": "2026-03-30T16:01:36.123Z", "event.outcome": "failure", "event.code": "28P01", "source.ip": "198.51.100.7",
            "source.port": 50112, "user.name": "alice", "database.name": "hr", "vendor.application_name": "psql", "vendor.backend_type": "client backend"}),
    Sample(_CSV.format(line=6, tag="SELECT", rest='LOG,00000,"AUDIT: SESSION,7,1,READ,SELECT,,,""select *\nfrom salaries"",<none>",,,,,,,,,"psql"'),
           {"database.statement": "select *\nfrom salaries", "database.table": "salaries", "event.code": "00000", "process.pid": 4711}),
    Sample('{"timestamp":"2026-03-30 16:01:36.123 UTC","user":"alice","dbname":"hr","pid":4711,"remote_host":"198.51.100.7","remote_port":50112,'
           '"session_id":"69ca1b80.1267","line_num":2,"ps":"SELECT","error_severity":"ERROR","state_code":"42501",'
           '"message":"permission denied for table salaries","statement":"select * from salaries","backend_type":"client backend"}',
           {"event.action": "permission-denied", "source.ip": "198.51.100.7", "database.statement": "select * from salaries",
            "database.table": "salaries", "log.level": "ERROR", "event.code": "42501"}),
    Sample("Mar 30 16:01:36 db-1 postgres[4711]: [5-1] 2026-03-30 16:01:36.123 UTC [4711] alice@hr LOG:  statement: drop table salaries",
           {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "statement", "database.statement_class": "ddl", "user.name": "alice",
            "process.pid": 4711}),
    Sample("2026-03-30 16:01:36 UTC [77]: [2-1] user=alice,db=hr,app=psql,client=198.51.100.7 LOG:  statement: select 1",
           {"user.name": "alice", "database.name": "hr", "source.ip": "198.51.100.7", "process.pid": 77, "vendor.session_line_num": 2}),
    Sample("Mar 30 16:01:36 db-1 postgres[4711]: [7-1] 2026-03-30 16:01:36.123 UTC [4711] alice@hr LOG:  duration: 1.5 ms  statement: select *\n"
           "Mar 30 16:01:36 db-1 postgres[4711]: [7-2] #011from salaries",
           {"database.statement": "select *\n\tfrom salaries", "database.table": "salaries", "event.duration": 1500000,
            "message": "duration: 1.5 ms  statement: select *\n\tfrom salaries"}),
)  # fmt: skip
