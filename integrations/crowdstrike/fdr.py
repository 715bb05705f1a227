"""``crowdstrike.fdr``: what Falcon's sensors see, by Falcon Data Replicator.

Events: Falcon's "Events Data Dictionary"; their schema is that of the API behind
https://www.mintlify.com/CrowdStrike/psfalcon/api/fdr. Sigma's rules for processes, files, connections and
names asked for read the ECS fields that are set here; the kernel's paths (``\\Device\\HarddiskVolume3\\…``) stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from integrations.contract import UnparsedError
from integrations.crowdstrike.fdr_samples import SAMPLES
from integrations.endpoints import put_account, put_command, put_sums, put_threat, system_type
from integrations.fields import add, categorise, integer, mac, put, put_end, text
from integrations.flows import put_flow, put_transport
from integrations.normalisers import json_source
from integrations.text import address
from integrations.times import Times
from integrations.web import put_domain, put_executable, put_path, split_path
from rules.ecs import Document


class _Meaning(NamedTuple):
    category: tuple[str, ...]
    type: tuple[str, ...]
    reader: str = ""
    outcome: str | None = None
    kind: str = "event"


_TABLE = """
ProcessRollup2 SyntheticProcessRollup2 | process | start | process
ProcessBlocked ProcessExecOnPackedExecutable | process | denied | process
EndOfProcess TerminateProcess | process | end | context
CommandHistory | process | info | script
ScriptControlScanTelemetry ScriptControlScanInfo ScriptControlBlocked ScriptControlDetectInfo ScriptFileContentDetectInfo | process | info | script
InjectedThread ProcessInjection CreateThreadNoStartImage CreateThreadReflectiveDll BrowserInjectedThread JavaInjectedThread DocumentProgramInjectedThread | process | change | injection
ImageHash ClassifiedModuleLoad ReflectiveDllLoaded ReflectiveDotnetModuleLoad UnsignedModuleLoad | library | start | module
DriverLoad | driver | start | module
DnsRequest SuspiciousDnsRequest | network | info protocol | dns
NetworkConnectIP4 NetworkConnectIP6 | network | start connection | connection
NetworkReceiveAcceptIP4 NetworkReceiveAcceptIP6 | network | start connection | accept
NetworkListenIP4 NetworkListenIP6 | network | info | listen
NetworkCloseIP4 NetworkCloseIP6 | network | end connection | connection
RawBindIP4 RawBindIP6 | network | info | listen
FirewallRuleIP4Matched FirewallRuleIP6Matched | network | allowed connection | connection
HttpRequest HttpRequestDetect | network web | access | http
UserLogon | authentication session | start | logon | success
UserLogonFailed UserLogonFailed2 | authentication | start | logon | failure
UserLogoff | authentication session | end | logon | success
UserIdentity | session | info | logon
UserAccountCreated | iam | user creation | account
UserAccountDeleted | iam | user deletion | account
UserAccountAddedToGroup ActiveDirectoryAccountAddedToGroup | iam | group change | account
AsepValueUpdate AsepKeyUpdate AsepFileChange RegGenericValueUpdate RegSystemConfigValueUpdate RegistryOperationDetectInfo | registry configuration | change | registry
ScheduledTaskRegistered ScheduledTaskModified | configuration | creation | task
ScheduledTaskDeleted | configuration | deletion | task
ServiceStarted | process configuration | start | service
CreateService ModifyServiceBinary ServiceInstalled | configuration | creation | service
FileOpenInfo FileAccessed | file | access | file
NewExecutableWritten PeFileWritten NewScriptWritten ELFFileWritten MachOFileWritten PeFileWrittenWithHighEntropy | file | creation | file
ZipFileWritten SevenZipFileWritten RarFileWritten CabFileWritten ArcFileWritten GzipFileWritten TarFileWritten OoxmlFileWritten OleFileWritten PdfFileWritten RtfFileWritten JarFileWritten LnkFileWritten ClassFileWritten DexFileWritten DmpFileWritten EmailFileWritten EseFileWritten IdwFileWritten DxfFileWritten DwgFileWritten BmpFileWritten GifFileWritten JpegFileWritten PngFileWritten TiffFileWritten WebScriptFileWritten VmdkFileWritten XarFileWritten MsiFileWritten BZip2FileWritten BlfFileWritten CriticalFileModified SuspiciousEseFileWritten UnixScriptWritten GenericFileWritten | file | creation | file
NewExecutableRenamed FileRenamed FileRenameInfo | file | change | file
FileDeleted FileDeleteInfo ExecutableDeleted QuarantinedFile | file | deletion | file
DirectoryCreate | file | creation | file
FileIntegrityMonitorRuleMatched FileIntegrityMonitorRuleMatchedEnriched | file | change | file
DcUsbDeviceConnected RemovableMediaVolumeMounted FsVolumeMounted | host | start | device
DcUsbDeviceDisconnected FsVolumeUnmounted RemovableMediaVolumeUnmounted | host | end | device
DcUsbDevicePolicyViolation DcUsbDeviceBlocked | host | denied | device
HostInfo AgentOnline AgentConnect OsVersionInfo SystemCapacity SensorHeartbeat SensorSelfDiagnosticTelemetry ConfigStateUpdate ChannelVersionRequired LocalIpAddressIP4 LocalIpAddressIP6 CurrentSystemTags | host | info
InstalledApplication InstalledUpdates | package | info
ModuleLoad KernelModeLoadImage ImageLoad | library | start | module
RansomwareOpenFile CriticalFileAccessed SensitiveFileAccessed SuspiciousCreateSymbolicLink | file | access | file
GroupIdentity | iam | group info | account
HostedServiceStarted | process configuration | start | service
HostedServiceStopped ServiceStopped | process configuration | end | service
WmiCreateProcess WmiProviderRegistration WmiFilterConsumerBindingEtw | process | info | context
AssociateIndicator AssociateTreeIdWithRoot | intrusion_detection | info | context
SmbClientShareOpenedEtw SmbServerShareOpenedEtw SmbClientNamedPipeConnectEtw | network file | access | context
BITSJobCreated | network process | start | context
EtwErrorEvent EtwComponentResponse ErrorEvent | host | error | context
"""
_MEANINGS: Mapping[str, _Meaning] = {
    name: _Meaning(
        tuple(parts[1].split()),
        tuple(parts[2].split()),
        parts[3] if len(parts) > 3 else "",
        parts[4] if len(parts) > 4 else None,
    )
    for line in _TABLE.strip().splitlines()
    for parts in [[part.strip() for part in line.split("|")]]
    for name in parts[0].split()
}
_LOGON_TYPES = {
    "2": "Interactive", "3": "Network", "4": "Batch", "5": "Service", "7": "Unlock", "8": "NetworkCleartext",
    "9": "NewCredentials", "10": "RemoteInteractive", "11": "CachedInteractive", "12": "CachedRemoteInteractive",
    "13": "CachedUnlock",
}  # fmt: skip
_QUERIES = {
    "1": "A",
    "2": "NS",
    "5": "CNAME",
    "6": "SOA",
    "12": "PTR",
    "15": "MX",
    "16": "TXT",
    "28": "AAAA",
    "33": "SRV",
    "65": "HTTPS",
    "255": "ANY",
}


def _context(entry: Mapping[str, Any], document: Document) -> None:
    """The process that did it."""
    put(document, "process.entity_id", text(entry.get("ContextProcessId") or entry.get("TargetProcessId")))
    put(document, "process.thread.id", integer(entry.get("ContextThreadId")))
    put_executable(document, "process", entry.get("ContextImageFileName"))
    put(document, "process.name", text(entry.get("ContextBaseFileName")))
    put(document, "process.exit_code", integer(entry.get("ExitCode")))


def _process(entry: Mapping[str, Any], document: Document) -> None:
    put(document, "process.entity_id", text(entry.get("TargetProcessId")))
    put(document, "process.pid", integer(entry.get("RawProcessId")))
    put_executable(document, "process", entry.get("ImageFileName"))
    put_command(document, "process", entry.get("CommandLine"))
    put_sums(
        document, "process", entry.get("MD5HashData"), entry.get("SHA1HashData"), entry.get("SHA256HashData")
    )
    put(document, "process.pe.original_file_name", text(entry.get("OriginalFilename")))
    put(document, "process.parent.entity_id", text(entry.get("ParentProcessId")))
    parent = text(entry.get("ParentImageFileName"))
    if parent:
        put_executable(document, "process.parent", parent)
    elif name := text(entry.get("ParentBaseFileName")):
        put(document, "process.parent.name", name)
        # Rules ask for \name.exe at a path's end: the name alone is all that the sensor tells.
        windows = entry.get("event_platform") == "Win"
        put(document, "process.parent.executable", f"\\{name}" if windows else name)
    put_command(document, "process.parent", entry.get("ParentCommandLine"))
    put(document, "process.working_directory", text(entry.get("WorkingDirectory")))


def _script(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put_executable(document, "process", entry.get("ImageFileName"))
    put_command(document, "process", entry.get("CommandLine"))
    put(document, "powershell.file.script_block_text", text(entry.get("ScriptContent")))
    put(document, "message", text(entry.get("CommandHistory")))
    put_path(document, "file", entry.get("ScriptContentName") or entry.get("TargetFileName"))
    put_sums(document, "file", entry.get("ContentSHA256HashData"))


def _injection(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put(document, "process.entity_id", text(entry.get("SourceProcessId") or entry.get("ContextProcessId")))


def _module(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put_path(document, "file", entry.get("ImageFileName"))
    put(document, "file.pe.original_file_name", text(entry.get("OriginalFilename")))
    for place in ("dll", "file"):
        put_sums(
            document, place, entry.get("MD5HashData"), entry.get("SHA1HashData"), entry.get("SHA256HashData")
        )
    if path := text(entry.get("ImageFileName")):
        put(document, "dll.path", path)
        put(document, "dll.name", split_path(path)[2])


def _dns(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put(document, "network.protocol", "dns")
    put(document, "dns.type", "query")
    put(document, "dns.question.name", text(entry.get("DomainName")))
    put_domain(document, "dns.question", entry.get("DomainName"))
    question = document.get("dns", {}).get("question", {})
    question.pop("domain", None)
    put(document, "dns.question.type", _QUERIES.get(str(entry.get("RequestType"))))
    records = f"{text(entry.get('IP4Records')) or ''};{text(entry.get('IP6Records')) or ''}"
    found = [ip for each in records.split(";")[:256] if (ip := address(each.strip()))]
    put(document, "dns.resolved_ip", list(dict.fromkeys(found)))
    answers = [{"type": "AAAA" if ":" in ip else "A", "data": ip} for ip in found]
    aliases = (text(entry.get("CNAMERecords")) or text(entry.get("CNameRecords")) or "").split(";")[:256]
    answers += [{"type": "CNAME", "data": each.strip()} for each in aliases if each.strip()]
    put(document, "dns.answers", answers)
    put_end(document, "destination", entry.get("RespondingDnsServer"))


def _ends(entry: Mapping[str, Any], document: Document, *, inbound: bool | None = None) -> None:
    _context(entry, document)
    if inbound is None:
        inbound = str(entry.get("ConnectionDirection")) == "1"
    local, remote = ("destination", "source") if inbound else ("source", "destination")
    here = text(entry.get("LocalAddressIP4")) or text(entry.get("LocalAddressIP6"))
    there = text(entry.get("RemoteAddressIP4")) or text(entry.get("RemoteAddressIP6"))
    put_end(document, local, here, entry.get("LocalPort"))
    put_end(document, remote, there, entry.get("RemotePort"))
    put(document, "network.direction", "ingress" if inbound else "egress")
    put_transport(document, entry.get("Protocol"))
    put_flow(document)


def _connection(entry: Mapping[str, Any], document: Document) -> None:
    _ends(entry, document)


def _accept(entry: Mapping[str, Any], document: Document) -> None:
    _ends(entry, document, inbound=True)


def _listen(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    here = text(entry.get("LocalAddressIP4")) or text(entry.get("LocalAddressIP6"))
    put_end(document, "server", here, entry.get("LocalPort"))
    put_transport(document, entry.get("Protocol"))


def _http(entry: Mapping[str, Any], document: Document) -> None:
    _ends(entry, document)
    put(document, "url.domain", text(entry.get("HttpHost")))
    put(document, "url.path", text(entry.get("HttpPath")))
    put(document, "http.request.method", text(entry.get("HttpMethod")))
    put(document, "user_agent.original", text(entry.get("HttpUserAgent")))


def _logon(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put(document, "user.domain", text(entry.get("LogonDomain") or entry.get("UserLogonDomain")))
    put_end(document, "source", text(entry.get("RemoteAddressIP4")) or text(entry.get("RemoteAddressIP6")))
    put(document, "source.domain", text(entry.get("ClientComputerName")))
    put(document, "winlog.logon.type", _LOGON_TYPES.get(str(entry.get("LogonType"))))
    put(
        document,
        "error.code",
        text(entry.get("SubStatus") or entry.get("Status"))
        if "Failed" in str(entry.get("event_simpleName"))
        else None,
    )


def _account(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put(document, "group.id", text(entry.get("GroupRid") or entry.get("GroupSid")))
    put(document, "group.name", text(entry.get("GroupName")))
    target = text(entry.get("TargetUserName") or entry.get("UserRid"))
    put(document, "user.target.name", target)
    add(document, "related.user", target)


def _registry(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    key, value = text(entry.get("RegObjectName")), text(entry.get("RegValueName"))
    if key:
        plain = key.removeprefix("\\REGISTRY\\")
        hive, _, rest = plain.partition("\\")
        short = {"MACHINE": "HKLM", "USER": "HKU"}.get(hive.upper())
        whole = f"{short}\\{rest}" if short else key
        put(document, "registry.hive", short)
        put(document, "registry.key", rest if short else key)
        put(document, "registry.path", f"{whole}\\{value}" if value else whole)
    put(document, "registry.value", value)
    if (content := text(entry.get("RegStringValue")) or text(entry.get("RegNumericValue"))) is not None:
        put(document, "registry.data.strings", [content])
    kinds = {
        "1": "REG_SZ",
        "2": "REG_EXPAND_SZ",
        "3": "REG_BINARY",
        "4": "REG_DWORD",
        "7": "REG_MULTI_SZ",
        "11": "REG_QWORD",
    }
    put(document, "registry.data.type", kinds.get(str(entry.get("RegType"))))
    put_path(document, "file", entry.get("TargetFileName"))


def _task(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put_command(document, "process", _joined(entry.get("TaskExecCommand"), entry.get("TaskExecArguments")))
    put_account(document, "user", entry.get("TaskAuthor"))


def _joined(*parts: Any) -> str | None:
    return " ".join(each for part in parts if (each := text(part))) or None


def _service(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put(document, "service.name", text(entry.get("ServiceDisplayName") or entry.get("ServiceName")))
    put_executable(document, "process", entry.get("ServiceImagePath") or entry.get("ImageFileName"))
    put_command(document, "process", entry.get("CommandLine"))


def _file(entry: Mapping[str, Any], document: Document) -> None:
    _context(entry, document)
    put_path(document, "file", entry.get("TargetFileName") or entry.get("FileName"))
    put(document, "file.size", integer(entry.get("Size")))
    put_sums(
        document, "file", entry.get("MD5HashData"), entry.get("SHA1HashData"), entry.get("SHA256HashData")
    )


def _device(entry: Mapping[str, Any], document: Document) -> None:
    put(document, "device.id", text(entry.get("DeviceSerialNumber") or entry.get("DeviceInstanceId")))
    put(document, "device.manufacturer", text(entry.get("DeviceManufacturer")))
    put(document, "device.model.name", text(entry.get("DeviceProduct")))
    put(document, "file.path", text(entry.get("VolumeMountPoint")))


Reader = Callable[[Mapping[str, Any], Document], None]
_READERS: Mapping[str, Reader] = {
    "process": _process, "context": _context, "script": _script, "injection": _injection, "module": _module, "dns": _dns,
    "connection": _connection, "accept": _accept, "listen": _listen, "http": _http, "logon": _logon, "account": _account,
    "registry": _registry, "task": _task, "service": _service, "file": _file, "device": _device,
    "": _context,
}  # fmt: skip


def _read(entry: dict[str, Any], times: Times) -> Document:
    name = text(entry.get("event_simpleName")) or text(entry.get("EventType"))
    if name is None:
        raise UnparsedError("expected event_simpleName")
    plain = name.partition("V")[0] if name[-2:-1] == "V" and name[-1:].isdecimal() else name
    meaning = _MEANINGS.get(name) or _MEANINGS.get(plain)
    document: Document = {
        "@timestamp": times.required(
            times.any(entry.get("timestamp")), times.epoch(entry.get("ContextTimeStamp")), times.any(entry.get("_time")),
            times.epoch(entry.get("Time")),
        )
    }  # fmt: skip
    if meaning is None:
        written = name.endswith("FileWritten")
        categorise(
            document, ("file",) if written else (), ("creation",) if written else ("info",), action=name
        )
        (_file if written else _context)(entry, document)
    else:
        categorise(document, meaning.category, meaning.type, action=name, outcome=meaning.outcome)
        _READERS[meaning.reader](entry, document)
    _common(entry, document, times)
    document["vendor"] = entry
    return document


def _common(entry: Mapping[str, Any], document: Document, times: Times) -> None:
    put(document, "event.code", text(entry.get("event_simpleName")))
    if (seen := times.epoch(entry.get("ContextTimeStamp"))) is not None:
        put(document, "event.start", seen if "Process" not in str(entry.get("event_simpleName")) else None)
    put(
        document,
        "process.start",
        times.epoch(entry.get("ProcessStartTime")) if "TargetProcessId" in entry else None,
    )
    put(
        document,
        "process.end",
        times.epoch(entry.get("ProcessEndTime"))
        if entry.get("ProcessEndTime") not in (None, "", "0", 0)
        else None,
    )
    put(
        document,
        "host.os.type",
        system_type({"Win": "windows", "Lin": "linux", "Mac": "macos"}.get(str(entry.get("event_platform")))),
    )
    host = text(entry.get("ComputerName"))
    put(document, "host.name", host)
    put(document, "host.hostname", host)
    put(document, "host.id", text(entry.get("aid")))
    put(document, "agent.id", text(entry.get("aid")))
    put(document, "host.mac", [found] if (found := mac(entry.get("MAC"))) else None)
    put(document, "organization.id", text(entry.get("cid")))
    if (outside := text(entry.get("aip"))) and (found := address(outside)):
        put(document, "observer.ip", [found])
    put_account(document, "user", entry.get("UserName"))
    put(document, "user.id", text(entry.get("UserSid")) or text(entry.get("UID")))
    put(document, "observer.vendor", "CrowdStrike")
    put(document, "observer.product", "Falcon")
    put_threat(document, (entry.get("Tactic"),), (entry.get("Technique"),))


def _recognise(entry: dict[str, Any]) -> bool:
    return "event_simpleName" in entry and ("aid" in entry or "cid" in entry)


FDR = json_source(
    "crowdstrike.fdr",
    "CrowdStrike Falcon Data Replicator (sensor telemetry)",
    "Falcon's Events Data Dictionary",
    _read,
    _recognise,
    SAMPLES,
)
