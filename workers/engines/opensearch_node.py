"""What the embedded OpenSearch node is told: its configuration files and its command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MODULES = ",".join(
    f"org.opensearch.{name}"
    for name in (
        "geo.GeoModulePlugin",
        "index.mapper.MapperExtrasModulePlugin",
        "index.rankeval.RankEvalModulePlugin",
        "index.reindex.ReindexModulePlugin",
        "ingest.common.IngestCommonModulePlugin",
        "ingest.useragent.IngestUserAgentModulePlugin",
        "join.ParentJoinModulePlugin",
        "painless.PainlessModulePlugin",
        "percolator.PercolatorModulePlugin",
        "script.expression.ExpressionModulePlugin",
        "script.mustache.MustacheModulePlugin",
        "search.aggregations.matrix.MatrixAggregationModulePlugin",
        "transport.Netty4ModulePlugin",
    )
)
"""All but CommonAnalysisModulePlugin, whose Thai analyser this Java runtime has no locale data for."""

_LOG4J = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %-5p %c{{1.}} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""

_YAML = """\
network.host: 127.0.0.1
transport.port: 9300-9499
path.repo: ["{snapshots}"]
cluster.routing.allocation.disk.watermark.low: {low}b
cluster.routing.allocation.disk.watermark.high: {high}b
cluster.routing.allocation.disk.watermark.flood_stage: {flood}b
cluster.info.update.interval: 10s
cluster.max_shards_per_node: 4000
indices.query.bool.max_clause_count: 32768
action.auto_create_index: "+logs-*,-*"
action.destructive_requires_name: true
"""


@dataclass(frozen=True)
class NodeFiles:
    """The folder of a node."""

    home: Path
    log: Path
    flood_bytes: int
    """With less room than this it refuses writes."""

    def write(self, jars: Sequence[Path]) -> None:
        """Write its configuration anew. Raises `OSError`."""
        config = self.home / "node_1" / "config"
        for folder in (config, self.home / "tmp", self.home / "snapshots"):
            folder.mkdir(parents=True, exist_ok=True)
        flood = self.flood_bytes
        (config / "opensearch.yml").write_text(
            _YAML.format(snapshots=self.home / "snapshots", low=flood * 2, high=flood * 3 // 2, flood=flood)
        )
        (config / "log4j2.properties").write_text(_LOG4J.format(log=self.log))
        (self.home / "classpath").write_text('-cp "' + os.pathsep.join(map(str, jars)) + '"\n')

    def arguments(self, port: int, heap_mb: int) -> list[str]:
        """Return what follows ``java`` on the command line."""
        return [
            f"-Xms{heap_mb}m",
            f"-Xmx{heap_mb}m",
            "-XX:+ExitOnOutOfMemoryError",
            "-Xlog:disable",
            "--enable-native-access=ALL-UNNAMED",
            f"-Djava.io.tmpdir={self.home / 'tmp'}",
            f"@{self.home / 'classpath'}",
            "org.codelibs.opensearch.runner.OpenSearchRunner",
            "-basePath", str(self.home),
            "-numOfNode", "1",
            "-clusterName", "siem",
            "-baseHttpPort", str(port - 1),
            "-printOnFailure",
            "-moduleTypes", _MODULES,
        ]  # fmt: skip
