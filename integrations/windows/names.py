"""The words for Windows' numbers, as the event viewer and winlogbeat have them.

Logon types and failure codes: https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-4625;
Kerberos codes: RFC 4120, 7.5.9; levels and keywords: winmeta.xml.
"""

from __future__ import annotations

from collections.abc import Mapping

LEVELS: Mapping[int, str] = {
    0: "information",
    1: "critical",
    2: "error",
    3: "warning",
    4: "information",
    5: "verbose",
}
LEVEL_NUMBERS: Mapping[str, int] = {"critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5}

_FLAGS: Mapping[int, str] = {
    1 << 48: "Response Time",
    1 << 49: "WDI Context",
    1 << 50: "WDI Diag",
    1 << 51: "SQM",
    1 << 52: "Audit Failure",
    1 << 53: "Audit Success",
    1 << 54: "Correlation Hint",
    1 << 55: "Classic",
}
AUDIT_FAILURE, AUDIT_SUCCESS = 1 << 52, 1 << 53
_known: dict[int, list[str]] = {}


def keyword_names(bits: int) -> list[str]:
    """Return the names of the standard keywords among 64 bits; the publisher's own have none here."""
    if (names := _known.get(bits)) is None:
        names = [name for flag, name in _FLAGS.items() if bits & flag]
        if len(_known) < 4096:
            _known[bits] = names
    return names


OPCODES: Mapping[int, str] = {
    0: "Info", 1: "Start", 2: "Stop", 3: "DCStart", 4: "DCStop", 5: "Extension", 6: "Reply", 7: "Resume",
    8: "Suspend", 9: "Send", 240: "Receive",
}  # fmt: skip

LOGON_TYPES: Mapping[str, str] = {
    "2": "Interactive", "3": "Network", "4": "Batch", "5": "Service", "7": "Unlock", "8": "NetworkCleartext",
    "9": "NewCredentials", "10": "RemoteInteractive", "11": "CachedInteractive",
    "12": "CachedRemoteInteractive", "13": "CachedUnlock",
}  # fmt: skip

STATUSES: Mapping[str, str] = {
    "0xc000005e": "There are currently no logon servers available to service the logon request.",
    "0xc0000064": "User logon with misspelled or bad user account",
    "0xc000006a": "User logon with misspelled or bad password",
    "0xc000006d": "This is either due to a bad username or authentication information",
    "0xc000006e": "Unknown user name or bad password.",
    "0xc000006f": "User logon outside authorized hours",
    "0xc0000070": "User logon from unauthorized workstation",
    "0xc0000071": "User logon with expired password",
    "0xc0000072": "User logon to account disabled by administrator",
    "0xc00000dc": "Indicates the Sam Server was in the wrong state to perform the desired operation.",
    "0xc0000133": "Clocks between DC and other computer too far out of sync",
    "0xc000015b": "The user has not been granted the requested logon type (aka logon right) at this machine",
    "0xc000018c": "The logon request failed because the trust relationship between the primary domain "
    "and the trusted domain failed.",
    "0xc0000192": "An attempt was made to logon, but the Netlogon service was not started.",
    "0xc0000193": "User logon with expired account",
    "0xc0000224": "User is required to change password at next logon",
    "0xc0000225": "Evidently a bug in Windows and not a risk",
    "0xc0000234": "User logon with account locked",
    "0xc00002ee": "Failure Reason: An Error occurred during Logon",
    "0xc0000413": "Logon Failure: The machine you are logging onto is protected by an authentication "
    "firewall. The specified account is not allowed to authenticate to the machine.",
    "0xc0000371": "The local account store does not contain secret material for the specified account",
    "0x0": "Status OK.",
}

FAILURE_REASONS: Mapping[str, str] = {
    "%%2304": "An Error occured during Logon.",
    "%%2305": "The specified user account has expired.",
    "%%2306": "The NetLogon component is not active.",
    "%%2307": "Account locked out.",
    "%%2308": "The user has not been granted the requested logon type at this machine.",
    "%%2309": "The specified account's password has expired.",
    "%%2310": "Account currently disabled.",
    "%%2311": "Account logon time restriction violation.",
    "%%2312": "User not allowed to logon at this computer.",
    "%%2313": "Unknown user name or bad password.",
    "%%2314": "Domain sid inconsistent.",
    "%%2315": "Smartcard logon is required and was not used.",
}

KERBEROS: Mapping[str, str] = {
    "0x0": "KDC_ERR_NONE", "0x1": "KDC_ERR_NAME_EXP", "0x2": "KDC_ERR_SERVICE_EXP", "0x3": "KDC_ERR_BAD_PVNO",
    "0x6": "KDC_ERR_C_PRINCIPAL_UNKNOWN", "0x7": "KDC_ERR_S_PRINCIPAL_UNKNOWN",
    "0x8": "KDC_ERR_PRINCIPAL_NOT_UNIQUE", "0x9": "KDC_ERR_NULL_KEY", "0xa": "KDC_ERR_CANNOT_POSTDATE",
    "0xb": "KDC_ERR_NEVER_VALID", "0xc": "KDC_ERR_POLICY", "0xd": "KDC_ERR_BADOPTION",
    "0xe": "KDC_ERR_ETYPE_NOTSUPP", "0xf": "KDC_ERR_SUMTYPE_NOSUPP", "0x10": "KDC_ERR_PADATA_TYPE_NOSUPP",
    "0x11": "KDC_ERR_TRTYPE_NO_SUPP", "0x12": "KDC_ERR_CLIENT_REVOKED", "0x13": "KDC_ERR_SERVICE_REVOKED",
    "0x14": "KDC_ERR_TGT_REVOKED", "0x15": "KDC_ERR_CLIENT_NOTYET", "0x16": "KDC_ERR_SERVICE_NOTYET",
    "0x17": "KDC_ERR_KEY_EXPIRED", "0x18": "KDC_ERR_PREAUTH_FAILED", "0x19": "KDC_ERR_PREAUTH_REQUIRED",
    "0x1a": "KDC_ERR_SERVER_NOMATCH", "0x1b": "KDC_ERR_MUST_USE_USER2USER", "0x1f": "KRB_AP_ERR_BAD_INTEGRITY",
    "0x20": "KRB_AP_ERR_TKT_EXPIRED", "0x21": "KRB_AP_ERR_TKT_NYV", "0x22": "KRB_AP_ERR_REPEAT",
    "0x23": "KRB_AP_ERR_NOT_US", "0x24": "KRB_AP_ERR_BADMATCH", "0x25": "KRB_AP_ERR_SKEW",
    "0x29": "KRB_AP_ERR_MODIFIED", "0x3c": "KRB_ERR_GENERIC",
}  # fmt: skip

ENCRYPTIONS: Mapping[str, str] = {
    "0x1": "DES-CBC-CRC", "0x3": "DES-CBC-MD5", "0x11": "AES128-CTS-HMAC-SHA1-96",
    "0x12": "AES256-CTS-HMAC-SHA1-96", "0x17": "RC4-HMAC", "0x18": "RC4-HMAC-EXP", "0xffffffff": "FAIL",
}  # fmt: skip

SECURITY_TASKS: Mapping[int, str] = {
    103: "Service shutdown", 104: "Log clear", 12288: "Security State Change", 12289: "Security System Extension",
    12290: "System Integrity", 12291: "IPsec Driver", 12292: "Other System Events", 12544: "Logon",
    12545: "Logoff", 12546: "Account Lockout", 12547: "IPsec Main Mode", 12548: "Special Logon",
    12549: "IPsec Quick Mode", 12550: "IPsec Extended Mode", 12551: "Other Logon/Logoff Events",
    12552: "Network Policy Server", 12553: "User / Device Claims", 12554: "Group Membership",
    12800: "File System", 12801: "Registry", 12802: "Kernel Object", 12803: "SAM",
    12804: "Other Object Access Events", 12805: "Certification Services", 12806: "Application Generated",
    12807: "Handle Manipulation", 12808: "File Share", 12809: "Filtering Platform Packet Drop",
    12810: "Filtering Platform Connection", 12811: "Detailed File Share", 12812: "Removable Storage",
    12813: "Central Policy Staging", 13056: "Sensitive Privilege Use", 13057: "Non Sensitive Privilege Use",
    13058: "Other Privilege Use Events", 13312: "Process Creation", 13313: "Process Termination",
    13314: "DPAPI Activity", 13315: "RPC Events", 13316: "Plug and Play Events",
    13317: "Token Right Adjusted Events", 13568: "Audit Policy Change", 13569: "Authentication Policy Change",
    13570: "Authorization Policy Change", 13571: "MPSSVC Rule-Level Policy Change",
    13572: "Filtering Platform Policy Change", 13573: "Other Policy Change Events",
    13824: "User Account Management", 13825: "Computer Account Management", 13826: "Security Group Management",
    13827: "Distribution Group Management", 13828: "Application Group Management",
    13829: "Other Account Management Events", 14080: "Directory Service Access",
    14081: "Directory Service Changes", 14082: "Directory Service Replication",
    14083: "Detailed Directory Service Replication", 14336: "Credential Validation",
    14337: "Kerberos Service Ticket Operations", 14338: "Other Account Logon Events",
    14339: "Kerberos Authentication Service",
}  # fmt: skip

DNS_STATUSES: Mapping[str, str] = {
    "0": "SUCCESS", "87": "ERROR_INVALID_PARAMETER", "123": "ERROR_INVALID_NAME", "1214": "ERROR_INVALID_NETNAME",
    "1223": "ERROR_CANCELLED", "1460": "ERROR_TIMEOUT", "4312": "ERROR_OBJECT_NOT_FOUND",
    "9001": "DNS_ERROR_RCODE_FORMAT_ERROR", "9002": "DNS_ERROR_RCODE_SERVER_FAILURE",
    "9003": "DNS_ERROR_RCODE_NAME_ERROR", "9004": "DNS_ERROR_RCODE_NOT_IMPLEMENTED",
    "9005": "DNS_ERROR_RCODE_REFUSED", "9006": "DNS_ERROR_RCODE_YXDOMAIN", "9007": "DNS_ERROR_RCODE_YXRRSET",
    "9008": "DNS_ERROR_RCODE_NXRRSET", "9009": "DNS_ERROR_RCODE_NOTAUTH", "9010": "DNS_ERROR_RCODE_NOTZONE",
    "9016": "DNS_ERROR_RCODE_BADSIG", "9017": "DNS_ERROR_RCODE_BADKEY", "9018": "DNS_ERROR_RCODE_BADTIME",
    "9501": "DNS_INFO_NO_RECORDS", "9502": "DNS_ERROR_BAD_PACKET", "9503": "DNS_ERROR_NO_PACKET",
    "9504": "DNS_ERROR_RCODE", "9505": "DNS_ERROR_UNSECURE_PACKET", "9506": "DNS_REQUEST_PENDING",
    "9560": "DNS_ERROR_INVALID_NAME", "9701": "DNS_ERROR_RECORD_DOES_NOT_EXIST", "9714": "DNS_ERROR_NAME_DOES_NOT_EXIST",
    "9852": "DNS_ERROR_NO_DNS_SERVERS", "10054": "WSAECONNRESET", "10055": "WSAENOBUFS", "10060": "WSAETIMEDOUT",
}  # fmt: skip
