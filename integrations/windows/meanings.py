"""What a Windows event means: for each log (or publisher) and event id, ECS's categorisation.

Security's actions are those of winlogbeat's security module, Sysmon's and PowerShell's the task names of
their publishers' manifests. Meanings: https://learn.microsoft.com/windows/security/threat-protection/auditing/,
https://learn.microsoft.com/sysinternals/downloads/sysmon
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    category: tuple[str, ...]
    type: tuple[str, ...]
    action: str
    reader: str = ""
    """Which reading of `integrations.windows.documents.READERS` finds users, addresses and the like."""
    kind: str = "event"
    outcome: str | None = None


def _table(reader: str, text: str, kind: str = "event") -> Iterator[tuple[int, Meaning]]:
    """Read lines of ``ids | category | type | action | reader | outcome``; the last two may be left out."""
    for line in text.strip().splitlines():
        ids, category, type, action, *rest = (part.strip() for part in line.split("|"))
        special = rest[0] if rest and rest[0] else reader
        outcome = rest[1] if len(rest) > 1 else None
        for code in ids.split():
            yield (
                int(code),
                Meaning(tuple(category.split()), tuple(type.split()), action, special, kind, outcome),
            )


SECURITY: Mapping[int, Meaning] = dict(
    _table(
        "subject",
        """
1100 | process | end | logging-service-shutdown
1102 | iam | admin change | audit-log-cleared | | success
1104 | iam | admin | logging-full
1105 | iam | admin | auditlog-archived
1108 | iam | admin | logging-processing-error
4608 | host | start | windows-starting-up
4609 | host | end | windows-shutting-down
4610 | configuration | access | authentication-package-loaded
4611 | configuration | change | trusted-logon-process-registered
4614 | configuration | access | notification-package-loaded
4616 | configuration | change | system-time-changed
4618 | intrusion_detection | info | monitored-event-pattern-occurred
4621 | configuration | change | crash-on-audit-recovered
4622 | configuration | access | security-package-loaded
4624 | authentication | start | logged-in | logon
4625 | authentication | start | logon-failed | logon | failure
4626 | authentication | info | user-device-claims | logon
4627 | iam | group info | group-membership-information | logon
4634 4647 | authentication | end | logged-out | logon
4646 | network | info | ike-dos-prevention-started
4648 | authentication | start | logged-in-explicit | explicit
4649 | intrusion_detection | info | replay-attack-detected
4656 | file | access | requested-handle
4657 | registry configuration | change | registry-value-modified | registry
4658 | file | end | handle-closed
4659 | file | access | requested-handle-to-delete
4660 | file | deletion | object-deleted
4661 | file | access | requested-handle
4662 | iam | access | object-operation-performed
4663 | file | access | object-access-attempted | object
4664 | file | creation | hard-link-created
4670 | iam configuration | admin change | permissions-changed | object
4672 | iam | admin | logged-in-special
4673 | iam | admin | privileged-service-called
4674 | iam | admin | privileged-operation
4675 | iam | info | sids-filtered
4688 | process | start | created-process | process
4689 | process | end | exited-process | exit
4690 | file | access | handle-duplicated
4691 | file | access | indirect-access-requested
4692 4693 4694 4695 | iam | access | data-protection-operation
4696 | process | start | primary-token-assigned | explicit
4697 | iam configuration | admin change | service-installed | service
4698 | iam configuration | creation admin | scheduled-task-created
4699 | iam configuration | deletion admin | scheduled-task-deleted
4700 | iam configuration | change admin | scheduled-task-enabled
4701 | iam configuration | change admin | scheduled-task-disabled
4702 | iam configuration | change admin | scheduled-task-updated
4703 | iam | admin change | token-right-adjusted | target
4704 | iam | admin change | user-right-assigned | target
4705 | iam | admin change | user-right-removed | target
4706 | configuration | creation | domain-trust-added
4707 | configuration | deletion | domain-trust-removed
4713 | configuration | change | kerberos-policy-changed
4714 | configuration | change | encrypted-data-recovery-policy-changed
4715 | configuration | change | object-audit-policy-changed
4716 | configuration | change | trusted-domain-information-changed
4717 | iam configuration | admin change | system-security-access-granted | target
4718 | iam configuration | admin deletion | system-security-access-removed | target
4719 | iam configuration | admin change | changed-audit-config
4720 | iam | user creation | added-user-account | target
4722 | iam | user change | enabled-user-account | target
4723 | iam | user change | changed-password | target
4724 | iam | user change | reset-password | target
4725 | iam | user deletion | disabled-user-account | target
4726 | iam | user deletion | deleted-user-account | target
4727 4731 4754 4790 | iam | group creation | added-group-account | group
4728 4732 4756 | iam | group change | added-member-to-group | group
4729 4733 4757 | iam | group change | removed-member-from-group | group
4730 4734 4758 | iam | group deletion | deleted-group-account | group
4735 4737 4755 | iam | group change | modified-group-account | group
4738 | iam | user change | modified-user-account | target
4739 | configuration | change | domain-policy-changed
4740 | iam | user change | locked-out-user-account | target
4741 | iam | creation admin | added-computer-account | target
4742 | iam | change admin | changed-computer-account | target
4743 | iam | deletion admin | deleted-computer-account | target
4744 4749 4759 | iam | group creation | added-distribution-group-account | group
4745 4750 4760 | iam | group change | changed-distribution-group-account | group
4746 4751 4761 | iam | group change | added-member-to-distribution-group | group
4747 4752 4762 | iam | group change | removed-member-from-distribution-group | group
4748 4753 4763 | iam | group deletion | deleted-distribution-group-account | group
4764 | iam | group change | type-changed-group-account | group
4765 | iam | user change | added-sid-history | target
4766 | iam | user change | adding-sid-history-failed | target | failure
4767 | iam | user change | unlocked-user-account | target
4768 | authentication | start | kerberos-authentication-ticket-requested | kerberos
4769 | authentication | start | kerberos-service-ticket-requested | kerberos
4770 | authentication | start | kerberos-service-ticket-renewed | kerberos
4771 | authentication | start | kerberos-preauth-failed | kerberos | failure
4772 | authentication | start | kerberos-authentication-ticket-request-failed | kerberos | failure
4773 | authentication | start | kerberos-service-ticket-request-failed | kerberos | failure
4774 4775 | authentication | start | account-mapped-for-logon | kerberos
4776 | authentication | start | credential-validated | ntlm
4777 | authentication | start | credential-validation-failed | ntlm | failure
4778 | authentication session | start | session-reconnected | session
4779 | authentication session | end | session-disconnected | session
4780 | iam | user change | admin-acl-set | target
4781 | iam | user change | renamed-user-account | rename
4782 | iam | user access | password-hash-accessed | target
4793 | iam | info | password-policy-checked
4794 | iam | admin change | dsrm-password-set
4797 | iam | user info | blank-password-queried | target
5146 5147 | network | connection denied | windows-firewall-packet-block | filtering
5712 | network | start connection | rpc-attempted
4798 | iam | user info | group-membership-enumerated | target
4799 | iam | group info | user-member-enumerated | group
4800 | session | change | workstation-locked | logon
4801 | session | change | workstation-unlocked | logon
4802 | session | change | screensaver-invoked | logon
4803 | session | change | screensaver-dismissed | logon
4816 | network | error | rpc-integrity-violation
4817 | iam configuration | admin change | object-audit-changed
4820 4821 4822 4823 4824 | authentication | denied | authentication-policy-denied | kerberos | failure
4825 | authentication session | denied | remote-desktop-access-denied | session | failure
4826 | configuration | info | boot-configuration-loaded
4864 | configuration | info | namespace-collision-detected
4865 4866 4867 | configuration | change | trusted-forest-entry-changed
4868 4869 4870 4871 4872 4873 4874 4875 4876 4877 4878 4879 4880 4881 4882 4883 4884 4885 4886 4887 4888 4889 4890 4891 4892 4893 4894 4895 4896 4897 4898 4899 4900 | configuration | info | certificate-services
4902 | iam configuration | admin creation | user-audit-policy-created
4904 | iam configuration | admin change | security-event-source-added
4905 | iam configuration | admin deletion | security-event-source-removed
4906 | iam configuration | admin change | crash-on-audit-changed
4907 | iam configuration | admin change | audit-setting-changed
4908 | iam configuration | admin change | special-group-table-changed
4909 4910 | configuration | change | tbs-policy-changed
4911 4913 | configuration | change | object-attributes-changed
4912 | iam configuration | admin change | per-user-audit-policy-changed
4928 4929 4930 4931 4932 4933 4934 4935 4936 4937 | configuration | info | directory-replication
4944 4945 4947 4949 4951 4952 4953 4956 4957 4958 | configuration | change | windows-firewall-policy
4946 | configuration | creation | windows-firewall-rule-added
4948 | configuration | deletion | windows-firewall-rule-deleted
4950 | configuration | change | windows-firewall-setting-changed
4954 | configuration | change | windows-firewall-group-policy-changed
4964 | iam | admin group | logged-in-special | target
4985 | file | change | transaction-state-changed
5024 | process | start | windows-firewall-service-started
5025 | process | end | windows-firewall-service-stopped
5027 5028 5029 5030 5032 | process | error | windows-firewall-service-error
5031 | network | denied | windows-firewall-application-blocked | filtering
5033 | driver | start | windows-firewall-driver-started
5034 | driver | end | windows-firewall-driver-stopped
5035 5037 | driver | error | windows-firewall-driver-error
5038 | file | info | code-integrity-hash-invalid | | failure
5039 | registry | change | registry-key-virtualized
5050 | configuration | denied | windows-firewall-disable-attempted
5051 | file | change | file-virtualized
5056 5057 5058 5059 5060 5061 5062 | iam | access | cryptographic-operation
5136 | iam | change | directory-service-object-modified
5137 | iam | creation | directory-service-object-created
5138 | iam | change | directory-service-object-undeleted
5139 | iam | change | directory-service-object-moved
5141 | iam | deletion | directory-service-object-deleted
5140 | network file | info access | network-share-object-accessed | share
5142 | network configuration | creation | network-share-object-added | share
5143 | network configuration | change | network-share-object-modified | share
5144 | network configuration | deletion | network-share-object-deleted | share
5145 | network file | info access | network-share-object-access-checked | share
5148 5149 | intrusion_detection network | info | denial-of-service-detected | filtering
5150 5151 5152 5153 | network | connection denied | windows-firewall-packet-block | filtering
5154 | network | allowed start | windows-firewall-listen | filtering
5155 | network | denied | windows-firewall-listen-block | filtering
5156 | network | connection allowed | windows-firewall-connection | filtering
5157 | network | connection denied | windows-firewall-connection-block | filtering
5158 | network | allowed start | windows-firewall-bind | filtering
5159 | network | denied | windows-firewall-bind-block | filtering
5168 | network authentication | denied | smb-spn-check-failed | share | failure
5376 | iam | access | credential-manager-backed-up
5377 | iam | change | credential-manager-restored
5378 | iam | denied | credential-delegation-disallowed | | failure
5379 | iam | access | credential-manager-read
5381 5382 | iam | access | vault-credentials-read
5440 5441 5442 5443 5444 5446 5447 5448 5449 5450 | configuration | change | filtering-platform-policy
5632 | authentication network | start | wireless-authentication
5633 | authentication network | start | wired-authentication
5888 | configuration | change | com-catalog-object-modified
5889 | configuration | deletion | com-catalog-object-deleted
5890 | configuration | creation | com-catalog-object-added
6144 6145 | configuration | change | group-policy-applied
6272 6278 | authentication | allowed | network-policy-server-granted | nps | success
6273 6274 6276 | authentication | denied | network-policy-server-denied | nps | failure
6279 | iam | user change | network-policy-server-account-locked | nps
6281 | file | info | code-integrity-page-hash-invalid | | failure
6416 | host | info | external-device-added
6419 6420 6421 6422 6423 6424 | host | change | device-setting-changed
""",
    )
)

SYSMON: Mapping[int, Meaning] = dict(
    _table(
        "sysmon",
        """
1 | process | start | Process Create (rule: ProcessCreate) | sysmon_started
2 | file | change | File creation time changed (rule: FileCreateTime)
3 | network | start connection protocol | Network connection detected (rule: NetworkConnect) | sysmon_connected
4 | process | change | Sysmon service state changed
5 | process | end | Process terminated (rule: ProcessTerminate)
6 | driver | start | Driver loaded (rule: DriverLoad) | sysmon_file
7 | process | change | Image loaded (rule: ImageLoad) | sysmon_loaded
8 | process | change | CreateRemoteThread detected (rule: CreateRemoteThread)
9 | process | access | RawAccessRead detected (rule: RawAccessRead)
10 | process | access | Process accessed (rule: ProcessAccess)
11 | file | creation | File created (rule: FileCreate)
12 | configuration registry | change | Registry object added or deleted (rule: RegistryEvent)
13 | configuration registry | change | Registry value set (rule: RegistryEvent)
14 | configuration registry | change | Registry object renamed (rule: RegistryEvent)
15 | file | access | File stream created (rule: FileCreateStreamHash) | sysmon_file
16 | configuration | change | Sysmon config state changed
17 | file | creation | Pipe Created (rule: PipeEvent)
18 | file | access | Pipe Connected (rule: PipeEvent)
19 | configuration | creation | WmiEventFilter activity detected (rule: WmiEvent)
20 | configuration | creation | WmiEventConsumer activity detected (rule: WmiEvent)
21 | configuration | creation | WmiEventConsumerToFilter activity detected (rule: WmiEvent)
22 | network | connection protocol info | Dns query (rule: DnsQuery) | sysmon_query
23 | file | deletion | File Delete archived (rule: FileDelete) | sysmon_file
24 | session | change | Clipboard changed (rule: ClipboardChange) | sysmon_file
25 | process | change | Process Tampering (rule: ProcessTampering)
26 | file | deletion | File Delete logged (rule: FileDeleteDetected) | sysmon_file
27 | file | creation denied | File Block Executable (rule: FileBlockExecutable) | sysmon_file
28 | file | deletion denied | File Block Shredding (rule: FileBlockShredding) | sysmon_file
29 | file | creation | File Executable Detected (rule: FileExecutableDetected) | sysmon_file
255 | process | error | Error report | sysmon_error
""",
    )
)

POWERSHELL: Mapping[int, Meaning] = dict(
    _table(
        "powershell",
        """
4100 | process | error | Executing Pipeline
4103 | process | info | Executing Pipeline
4104 | process | info | Execute a Remote Command
4105 | process | start | Starting Command
4106 | process | end | Stopping Command
40961 | process | start | PowerShell Console Startup
40962 | process | info | PowerShell Console Startup
53504 | process | info | PowerShell Named Pipe IPC
""",
    )
)

CLASSIC: Mapping[int, Meaning] = dict(
    _table(
        "classic",
        """
400 | process | start | Engine Lifecycle
403 | process | end | Engine Lifecycle
500 | process | start | Command Lifecycle
501 | process | end | Command Lifecycle
600 | process | info | Provider Lifecycle
800 | process | info | Pipeline Execution Details
""",
    )
)

DEFENDER: Mapping[int, Meaning] = {
    **dict(
        _table(
            "defender",
            """
1000 | malware | start | scan-started
1001 | malware | end | scan-completed | | success
1002 | malware | end | scan-stopped | | unknown
1005 | malware | error | scan-failed | | failure
1008 | malware | error | malware-action-failed | | failure
1009 | malware | change | quarantine-restored
1010 | malware | error | quarantine-restore-failed | | failure
1011 | malware | deletion | quarantine-deleted
1012 | malware | error | quarantine-delete-failed | | failure
1013 | malware | deletion | malware-history-deleted
1014 | malware | error | malware-history-delete-failed | | failure
1120 | malware | info | threat-resources-hashed
1150 1151 | host | info | antimalware-health-report
2000 | malware configuration | change | signatures-updated | | success
2010 2011 | configuration | change | signatures-updated-dynamically | | success
2001 2003 | malware configuration | error | signatures-update-failed | | failure
2002 | malware configuration | change | engine-updated | | success
3002 3007 | malware configuration | error | real-time-protection-failed | | failure
5000 | configuration | change | real-time-protection-enabled
5001 | configuration | change | real-time-protection-disabled
5004 | configuration | change | real-time-protection-configuration-changed
5007 | configuration | change | antimalware-configuration-changed
5008 | malware | error | antimalware-engine-failed | | failure
5009 | configuration | change | antispyware-enabled
5010 | configuration | change | antispyware-disabled
5011 | configuration | change | antivirus-enabled
5012 | configuration | change | antivirus-disabled
5013 | configuration | denied | tamper-protection-blocked-change
5100 5101 | configuration | info | license-expired
""",
        )
    ),
    **dict(
        _table(
            "defender",
            """
1006 1116 | malware | info | malware-detected
1007 1117 | malware | info | malware-action-taken | | success
1015 | malware | info | suspicious-behavior-detected
1118 1119 | malware | error | malware-action-failed | | failure
1121 | malware intrusion_detection | denied | attack-surface-reduction-blocked
1122 | malware intrusion_detection | info | attack-surface-reduction-audited
1123 1127 | malware file | denied | controlled-folder-access-blocked
1124 1128 | malware file | info | controlled-folder-access-audited
1125 | intrusion_detection network | info | network-protection-audited
1126 | intrusion_detection network | denied | network-protection-blocked
""",
            "alert",
        )
    ),
}

_MITIGATIONS = """
1 3 5 7 9 11 | process | info | mitigation-audited | integrity
2 4 6 8 10 12 | process | denied | mitigation-enforced | integrity | failure"""
_DNS_CLIENT = """
3006 3009 3010 | network | start protocol | dns-query-sent | dns
3008 | network | end protocol | dns-query-completed | dns
3011 3016 3018 3020 | network | info protocol | dns-response | dns"""
_DNS_SERVER = """
256 | network | start protocol | dns-query-received | dns_server
257 | network | end protocol | dns-response-sent | dns_server | success
258 | network | end protocol | dns-response-failed | dns_server | failure
259 | network | denied protocol | dns-query-ignored | dns_server | failure"""

OTHERS: Mapping[str, Mapping[int, Meaning]] = {
    log: dict(_table("", text))
    for log, text in {
        "Microsoft-Windows-Eventlog": """
104 | configuration | deletion | log-cleared | subject
105 | configuration | info | log-archived | subject
6005 | process | start | event-log-service-started
6006 | process | end | event-log-service-stopped""",
        "EventLog": """
6005 | process | start | event-log-service-started
6006 | process | end | event-log-service-stopped
6008 | host | end | unexpected-shutdown
6009 | host | start | operating-system-version
6013 | host | info | system-uptime""",
        "Service Control Manager": """
7000 7001 7009 7011 | process | error | service-start-failed | service | failure
7022 7023 7024 7031 7032 7034 | process | end error | service-terminated | service | failure
7026 | driver | error | driver-start-failed | service | failure
7035 | process | change | service-control-sent | service
7036 | process | change | service-state-changed | service
7030 | configuration | error | service-not-interactive | service
7040 | configuration | change | service-start-type-changed | service
7042 | process | change | service-control-sent | service
7045 | configuration | creation | service-installed | service""",
        "User32": "1074 | host | end | shutdown-initiated",
        "Microsoft-Windows-Kernel-Power": "41 | host | start | unexpected-restart",
        "Microsoft-Windows-Kernel-General": """
1 | configuration | change | system-time-changed
12 | host | start | operating-system-started
13 | host | end | operating-system-shutting-down
16 | registry | info | hive-history-cleared""",
        "Microsoft-Windows-Winlogon": """
7001 | authentication session | start | logged-in | | success
7002 | authentication session | end | logged-out | | success""",
        "Application Error": "1000 1005 | process | error | application-crashed",
        "Windows Error Reporting": "1001 | process | error | fault-reported",
        "Application Hang": "1002 | process | error | application-hung",
        "MsiInstaller": """
1033 11707 | package | installation | product-installed
1034 11724 | package | deletion | product-removed
1040 | package | start | installer-transaction-started
1042 | package | end | installer-transaction-ended
11708 | package | installation error | product-installation-failed""",
        "Microsoft-Windows-TaskScheduler/Operational": """
100 | process | start | task-started | task
102 | process | end | task-completed | task | success
103 203 101 | process | error | task-start-failed | task | failure
106 | configuration | creation | task-registered | task
107 108 109 110 118 119 | process | start | task-triggered | task
129 | process | start | task-process-created | task
140 | configuration | change | task-updated | task
141 | configuration | deletion | task-deleted | task
142 | configuration | change | task-disabled | task
200 | process | start | task-action-started | task
201 | process | end | task-action-completed | task""",
        "Microsoft-Windows-WMI-Activity/Operational": """
5857 | process | start | wmi-provider-started
5858 | process | error | wmi-operation-failed | wmi | failure
5859 5860 5861 | configuration | creation | wmi-event-subscription | wmi""",
        "Microsoft-Windows-Bits-Client/Operational": """
3 | network | creation | bits-job-created | bits
4 | network | end | bits-job-completed | bits | success
5 | network | end | bits-job-cancelled | bits
59 | network | start connection | bits-transfer-started | bits
60 | network | end connection | bits-transfer-stopped | bits
61 | network | end error | bits-transfer-failed | bits | failure
16403 | network | creation | bits-job-file-added | bits""",
        "Microsoft-Windows-AppLocker/EXE and DLL": """
8002 | process | allowed start | application-allowed | applocker | success
8003 | process | allowed start | application-audited | applocker
8004 | process | denied | application-blocked | applocker | failure""",
        "Microsoft-Windows-AppLocker/MSI and Script": """
8005 | process | allowed start | script-allowed | applocker | success
8006 | process | allowed start | script-audited | applocker
8007 | process | denied | script-blocked | applocker | failure""",
        "Microsoft-Windows-AppLocker/Packaged app-Execution": """
8020 | process | allowed start | packaged-app-allowed | applocker | success
8021 | process | allowed start | packaged-app-audited | applocker
8022 | process | denied | packaged-app-blocked | applocker | failure""",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment": """
8023 | package | allowed installation | packaged-app-install-allowed | applocker | success
8024 | package | allowed installation | packaged-app-install-audited | applocker
8025 | package | denied | packaged-app-install-blocked | applocker | failure""",
        "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall": """
2002 2003 2008 2009 2082 2083 | configuration | change | firewall-setting-changed | firewall
2004 2071 2097 | configuration | creation | firewall-rule-added | firewall
2005 2073 | configuration | change | firewall-rule-modified | firewall
2006 2052 | configuration | deletion | firewall-rule-deleted | firewall
2010 | configuration | change | network-profile-changed | firewall
2011 | network | denied | inbound-connection-blocked | firewall
2032 2060 | configuration | change | firewall-reset | firewall
2033 2059 | configuration | deletion | firewall-rules-deleted | firewall""",
        "MSSQLSERVER": """
18453 18454 18455 | authentication | start | login-succeeded | | success
18456 18452 18470 18486 18487 18488 | authentication | start | login-failed | | failure
17806 17810 | authentication | denied | login-refused | | failure
33205 | database | info | audit-event
15457 15281 | configuration | change | setting-changed
17065 18264 18265 3041 | database | info | database-message""",
        "Microsoft-Windows-DNS-Client/Operational": _DNS_CLIENT,
        "Microsoft-Windows-DNS-Server-Service": """
150 770 771 | configuration | error | dns-server-plugin-failed | | failure
541 | configuration | change | dns-server-setting-changed
6001 | network | info | zone-transferred | | success
6004 | network | denied | zone-transfer-refused | | failure""",
        "Microsoft-Windows-NTLM/Operational": """
8001 8002 8003 | authentication | info | ntlm-audited | remote
8004 | authentication | info | ntlm-domain-controller-audited | remote
4001 4002 4003 4004 4010 4011 | authentication | denied | ntlm-blocked | remote | failure""",
        "Microsoft-Windows-CodeIntegrity/Operational": """
3001 3002 3003 3004 3010 3021 3022 3023 3024 | driver | info | unsigned-image-loaded | integrity
3032 3033 3034 3035 3036 3063 3064 3065 3066 | file | info | image-signing-level-unmet | integrity
3076 | file | allowed | code-integrity-audited | integrity
3077 | file | denied | code-integrity-blocked | integrity | failure
3082 3083 3104 | driver | denied | driver-blocked | integrity | failure
3089 | file | info | signature-information | integrity""",
        "Microsoft-Windows-AppXDeploymentServer/Operational": """
400 401 404 | package | installation | package-deployment
441 442 453 454 | package | denied | package-blocked | | failure
603 | package | start installation | package-deployment-started
854 855 856 857 | package | installation | package-registered
465 | package | deletion | package-removed""",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational": """
21 | authentication session | start | session-logon | terminal | success
22 | session | start | shell-started | terminal
23 | authentication session | end | session-logoff | terminal | success
24 | session | end | session-disconnected | terminal
25 | session | start | session-reconnected | terminal
39 40 | session | end | session-disconnected | terminal
41 42 | session | start | session-arbitration | terminal""",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational": """
261 | network | start connection | listener-received-connection
1149 | authentication | start | user-authentication-succeeded | terminal | success""",
        "Microsoft-Windows-TerminalServices-RDPClient/Operational": """
1024 1102 | network | start connection | rdp-connection-started | rdp
1026 | network | end connection | rdp-connection-ended | rdp""",
        "Microsoft-Windows-TerminalServices-Gateway/Operational": """
200 300 302 | authentication session | start | gateway-connected | gateway | success
201 301 304 | authentication session | denied | gateway-denied | gateway | failure
303 | session | end | gateway-disconnected | gateway""",
        "Microsoft-Windows-LDAP-Client/Debug": "30 | network | access protocol | ldap-search",
        "Microsoft-Windows-WinRM/Operational": """
6 | session network | start | winrm-session-created
91 | session network | start | winrm-shell-created
142 | network | error | winrm-operation-failed | | failure
161 162 | authentication | denied | winrm-authentication-failed | | failure
169 | authentication | start | winrm-authenticated | | success""",
        "Microsoft-Windows-SMBServer/Security": """
551 1006 1007 1009 | authentication network | denied | smb-session-refused | smb | failure
3000 | network | access | smb1-access | smb""",
        "Microsoft-Windows-SmbClient/Security": """
31001 | authentication network | denied | smb-session-failed | smb | failure
31010 31018 31022 | network | info | smb-connection | smb""",
        "Microsoft-Windows-Security-Mitigations/Kernel Mode": _MITIGATIONS,
        "Microsoft-Windows-Security-Mitigations/KernelMode": _MITIGATIONS,
        "Microsoft-Windows-Security-Mitigations/User Mode": _MITIGATIONS,
        "Microsoft-Windows-Security-Mitigations/UserMode": _MITIGATIONS,
        "Microsoft-Windows-DNS Client Events/Operational": _DNS_CLIENT,
        "Microsoft-Windows-DNSServer/Audit": """
512 | configuration | creation | zone-created
513 | configuration | deletion | zone-deleted
514 | configuration | change | zone-updated
515 | configuration | creation | record-created
516 | configuration | deletion | record-deleted
519 520 | configuration | change | dynamic-update
541 542 | configuration | change | dns-server-setting-changed
561 | configuration | change | zone-reloaded""",
        "Microsoft-Windows-DNSServer/Analytical": _DNS_SERVER,
        "Microsoft-Windows-DNS-Server/Analytical": _DNS_SERVER,
        "Microsoft-IIS-Configuration/Operational": """
29 | configuration | change | configuration-changed
50 | configuration | change | configuration-changes-committed""",
        "Microsoft-Windows-Shell-Core/Operational": """
9705 9706 | process | info | run-keys-enumerated
9707 | process | start | run-key-command-started
9708 | process | info | run-key-command-finished
28115 | configuration | creation | application-shortcut-added""",
        "Microsoft-Windows-VHDMP/Operational": """
1 12 | host | start | disk-image-mounted
2 | host | end | disk-image-unmounted""",
        "Microsoft-Windows-LSA/Operational": "300 | authentication session | info | groups-assigned | lsa",
        "Microsoft-Windows-SmbClient/Connectivity": """
30803 30804 30805 30806 30807 30808 | network | info connection | smb-connection | smb""",
        "Microsoft-Windows-SMBServer/Connectivity": "4000 | network | info connection | smb-connection | smb",
        "Microsoft-Windows-AppModel-Runtime/Admin": "201 | process | start | packaged-process-created",
        "Microsoft-Windows-CAPI2/Operational": "70 | iam | access | private-key-acquired",
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational": """
1007 | iam | access | certificate-exported""",
        "MSExchange Management": """
1 | configuration | change | cmdlet-succeeded | | success
6 | configuration | error | cmdlet-failed | | failure""",
        "Microsoft-Windows-Dhcp-Server/Operational": """
70 | configuration | creation | scope-configured
71 | configuration | change | scope-modified""",
        "Microsoft-Windows-DriverFrameworks-UserMode/Operational": """
2003 2004 2006 2010 2100 2101 2102 | host | info | device-operation""",
        "Microsoft-Windows-PrintService/Operational": """
307 | process | info | document-printed
316 | driver configuration | installation | printer-driver-added
808 | driver | error | print-plugin-failed | | failure""",
        "Microsoft-Windows-PrintService/Admin": "808 | driver | error | print-plugin-failed | | failure",
        "OpenSSH/Operational": "4 | network | info | ssh-message",
        "Microsoft-Windows-Kernel-File/Analytic": """
10 12 | file | access | file-opened
19 | file | change | file-renamed
26 | file | deletion | file-deleted
30 | file | creation | file-created""",
    }.items()
}
"""By the log's name, and in System and Application by the publisher's."""
