"""What audit records and system calls mean in ECS.

Record types: "Audit record types" of the Linux Audit project. System call numbers: the kernel's
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

Meaning = tuple[tuple[str, ...], tuple[str, ...]]
"""event.category and event.type."""

_LOGIN: Meaning = (("authentication",), ("info",))
_IAM_USER: Meaning = (("iam",), ("user", "change"))
_IAM_GROUP: Meaning = (("iam",), ("group", "change"))
_CONFIGURATION: Meaning = (("process", "configuration"), ("change",))
_ANOMALY: Meaning = (("intrusion_detection",), ("info",))
_POLICY: Meaning = (("configuration",), ("change",))

RECORDS: dict[str, Meaning] = {
    "USER_AUTH": _LOGIN, "USER_ACCT": _LOGIN, "USER_ERR": _LOGIN, "CRED_ACQ": _LOGIN, "CRED_DISP": _LOGIN, "CRED_REFR": _LOGIN,
    "USER_LOGIN": (("authentication",), ("start",)), "USER_LOGOUT": (("authentication",), ("end",)), "LOGIN": (("authentication",), ("start",)),
    "GRP_AUTH": _LOGIN, "CHGRP_ID": _LOGIN, "USER_ROLE_CHANGE": _IAM_USER,
    "USER_START": (("session",), ("start",)), "USER_END": (("session",), ("end",)),
    "USER_CMD": (("process",), ("start",)), "EXECVE": (("process",), ("start",)), "TTY": (("process",), ("info",)),
    "USER_TTY": (("process",), ("info",)), "PROCTITLE": (("process",), ("info",)), "SECCOMP": (("process",), ("info",)),
    "ADD_USER": (("iam",), ("user", "creation")), "DEL_USER": (("iam",), ("user", "deletion")), "USER_MGMT": _IAM_USER,
    "USER_CHAUTHTOK": _IAM_USER, "ACCT_LOCK": _IAM_USER, "ACCT_UNLOCK": _IAM_USER, "ROLE_ASSIGN": _IAM_USER, "ROLE_REMOVE": _IAM_USER,
    "RESP_ACCT_LOCK": _IAM_USER,
    "ADD_GROUP": (("iam",), ("group", "creation")), "DEL_GROUP": (("iam",), ("group", "deletion")), "GRP_MGMT": _IAM_GROUP,
    "GRP_CHAUTHTOK": _IAM_GROUP,
    "SERVICE_START": (("process",), ("start",)), "SERVICE_STOP": (("process",), ("end",)), "DAEMON_START": (("process",), ("start",)),
    "DAEMON_END": (("process",), ("end",)), "DAEMON_ABORT": (("process",), ("end",)), "DAEMON_CONFIG": _CONFIGURATION,
    "SYSTEM_BOOT": (("host",), ("start",)), "SYSTEM_SHUTDOWN": (("host",), ("end",)), "SYSTEM_RUNLEVEL": (("host",), ("change",)),
    "CONFIG_CHANGE": _CONFIGURATION, "FEATURE_CHANGE": _CONFIGURATION, "NETFILTER_CFG": _CONFIGURATION, "USYS_CONFIG": _CONFIGURATION,
    **dict.fromkeys(("VIRT_CONTROL", "VIRT_RESOURCE", "VIRT_MACHINE_ID"), (("host",), ("creation",))),
    "TIME_ADJNTPVAL": (("host",), ("change",)), "TIME_INJOFFSET": (("host",), ("change",)),
    "MAC_STATUS": _POLICY, "MAC_POLICY_LOAD": _POLICY, "MAC_CONFIG_CHANGE": _POLICY, "MAC_IPSEC_EVENT": _POLICY,
    "KERN_MODULE": (("driver",), ("start",)), "BPF": (("driver",), ("info",)),
    "SOFTWARE_UPDATE": (("package",), ("installation",)), "CRYPTO_KEY_USER": (("process",), ("info",)),
    "CRYPTO_SESSION": (("process",), ("info",)),
    "ANOM_ABEND": (("process",), ("end", "info")), "ANOM_LOGIN_FAILURES": _ANOMALY, "ANOM_ROOT_TRANS": _ANOMALY, "ANOM_PROMISCUOUS": _ANOMALY,
    "ANOM_LINK": _ANOMALY, "ANOM_CREAT": _ANOMALY, "ANOM_MK_EXEC": _ANOMALY, "ANOM_MOD_ACCT": _ANOMALY, "ANOM_EXEC": _ANOMALY,
    "ANOM_LOGIN_ACCT": _ANOMALY, "ANOM_LOGIN_LOCATION": _ANOMALY, "ANOM_LOGIN_TIME": _ANOMALY, "ANOM_LOGIN_SESSIONS": _ANOMALY,
}  # fmt: skip

_CREATE: Meaning = (("file",), ("creation",))
_CHANGE: Meaning = (("file",), ("change",))
_DELETE: Meaning = (("file",), ("deletion",))
_OPEN: Meaning = (("file",), ("access",))
_CONNECT: Meaning = (("network",), ("connection", "start"))
_PROCESS: Meaning = (("process",), ("change",))
_HOST: Meaning = (("host",), ("change",))

SYSCALLS: dict[str, Meaning] = {
    **dict.fromkeys(("execve", "execveat"), (("process",), ("start",))),
    **dict.fromkeys(("clone", "clone3", "fork", "vfork"), (("process",), ("start",))),
    **dict.fromkeys(("exit", "exit_group"), (("process",), ("end",))),
    **dict.fromkeys(("kill", "tkill", "tgkill"), (("process",), ("end",))),
    **dict.fromkeys(("ptrace", "process_vm_writev", "process_vm_readv", "memfd_create"), (("process",), ("access",))),
    **dict.fromkeys(("open", "openat", "openat2", "read", "stat"), _OPEN),
    **dict.fromkeys(("creat", "mkdir", "mkdirat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat"), _CREATE),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), _DELETE),
    **dict.fromkeys(
        ("rename", "renameat", "renameat2", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr",
         "fsetxattr", "removexattr", "truncate", "ftruncate", "utime", "utimes", "utimensat", "write"), _CHANGE),
    **dict.fromkeys(("connect", "sendto", "accept", "accept4"), _CONNECT),
    **dict.fromkeys(("bind", "listen"), (("network",), ("start",))), "socket": (("network",), ("info",)),
    **dict.fromkeys(("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setns", "unshare", "chroot", "personality", "prctl"),
                    _PROCESS),
    **dict.fromkeys(("init_module", "finit_module"), (("driver",), ("start",))),
    "delete_module": (("driver",), ("end",)), "bpf": (("driver",), ("info",)),
    **dict.fromkeys(("mount", "umount2", "sethostname", "setdomainname", "settimeofday", "adjtimex", "clock_settime", "clock_adjtime", "reboot",
                     "kexec_load", "swapon", "pivot_root"), _HOST),
}  # fmt: skip

ARCHITECTURES = {
    "c000003e": "x86_64", "40000003": "i386", "c00000b7": "aarch64", "40000028": "arm", "c00000f3": "riscv64", "80000016": "s390x",
    "c0000015": "ppc64le", "80000015": "ppc64",
}  # fmt: skip
"""AUDIT_ARCH_* of include/uapi/linux/audit.h."""

_X86_64 = (
    "read 0 write 1 open 2 stat 4 socket 41 connect 42 accept 43 sendto 44 bind 49 listen 50 clone 56 fork 57 vfork 58 execve 59 exit 60 "
    "kill 62 truncate 76 ftruncate 77 rename 82 mkdir 83 rmdir 84 creat 85 link 86 unlink 87 symlink 88 chmod 90 fchmod 91 chown 92 fchown 93 "
    "lchown 94 ptrace 101 setuid 105 setgid 106 setreuid 113 setregid 114 setresuid 117 setresgid 119 utime 132 mknod 133 personality 135 "
    "pivot_root 155 prctl 157 adjtimex 159 chroot 161 settimeofday 164 mount 165 umount2 166 swapon 167 reboot 169 sethostname 170 "
    "setdomainname 171 init_module 175 delete_module 176 setxattr 188 lsetxattr 189 fsetxattr 190 removexattr 197 tkill 200 clock_settime 227 "
    "exit_group 231 tgkill 234 utimes 235 kexec_load 246 openat 257 mkdirat 258 mknodat 259 fchownat 260 unlinkat 263 renameat 264 linkat 265 "
    "symlinkat 266 fchmodat 268 unshare 272 utimensat 280 accept4 288 clock_adjtime 305 setns 308 process_vm_readv 310 process_vm_writev 311 "
    "finit_module 313 renameat2 316 memfd_create 319 bpf 321 execveat 322 clone3 435 openat2 437"
)
_GENERIC = (
    "setxattr 5 lsetxattr 6 fsetxattr 7 removexattr 14 mknodat 33 mkdirat 34 unlinkat 35 symlinkat 36 linkat 37 renameat 38 umount2 39 mount 40 "
    "pivot_root 41 truncate 45 ftruncate 46 chroot 51 fchmod 52 fchmodat 53 fchownat 54 fchown 55 openat 56 read 63 write 64 utimensat 88 "
    "personality 92 exit 93 exit_group 94 unshare 97 kexec_load 104 init_module 105 delete_module 106 clock_settime 112 ptrace 117 kill 129 "
    "tkill 130 tgkill 131 reboot 142 setregid 143 setgid 144 setreuid 145 setuid 146 setresuid 147 setresgid 149 sethostname 161 "
    "setdomainname 162 prctl 167 settimeofday 170 adjtimex 171 socket 198 bind 200 listen 201 accept 202 connect 203 sendto 206 clone 220 "
    "execve 221 swapon 224 accept4 242 clock_adjtime 266 setns 268 process_vm_readv 270 process_vm_writev 271 finit_module 273 renameat2 276 "
    "memfd_create 279 bpf 280 execveat 281 clone3 435 openat2 437"
)


def _numbers(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[1::2], words[::2], strict=True))


_NUMBERS = {"x86_64": _numbers(_X86_64), "aarch64": _numbers(_GENERIC), "riscv64": _numbers(_GENERIC)}


def syscall_name(architecture: str, number: str) -> str:
    """Return a system call's name, its number where it is not known."""
    return _NUMBERS.get(architecture, {}).get(number, number)
