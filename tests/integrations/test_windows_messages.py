"""Elements out of the text of a Windows event, and what somebody who chose a part of that text can't do."""

from __future__ import annotations

from integrations.windows.messages import elements

SECURITY, SYSMON = "Security", "Microsoft-Windows-Sysmon/Operational"
STARTED = (
    "Process Create:  UtcTime: 2026-03-30 16:01:36.100  Image: C:\\a.exe  CommandLine: {line}  CurrentDirectory: C:\\  "
    "User: EXAMPLE\\bob  ParentImage: C:\\b.exe  ParentCommandLine: b.exe"
)


def test_a_label_means_what_its_section_says() -> None:
    text = (
        "A user account was created.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-500\n\tAccount Name:\t\talice\n"
        "\nNew Account:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-1104\n\tAccount Name:\t\tbob\n\tAccount Domain:\t\tEXAMPLE"
    )
    assert elements(SECURITY, 4720, text) == {
        "SubjectUserSid": "S-1-5-21-1-2-3-500", "SubjectUserName": "alice", "TargetSid": "S-1-5-21-1-2-3-1104",
        "TargetUserName": "bob", "TargetDomainName": "EXAMPLE",
    }  # fmt: skip
    assert elements(SECURITY, 4720, " ".join(text.replace("\n", "  ").replace("\t", " ").split("\n"))) == (
        elements(SECURITY, 4720, text)
    )


def test_who_logs_off_is_the_one_who_was_logged_on() -> None:
    text = "An account was logged off.\n\nSubject:\n\tAccount Name:\t\tbob\n\tLogon ID:\t\t0xABC\n\nLogon Type:\t\t\t3"
    found = elements(SECURITY, 4634, text)
    assert found == {"TargetUserName": "bob", "TargetLogonId": "0xabc", "LogonType": "3"}


def test_a_command_line_of_several_lines_is_one_and_sets_nothing_else() -> None:
    text = (
        "A new process has been created.\n\nCreator Subject:\n\tAccount Name:\t\tbob\n\nProcess Information:\n"
        "\tNew Process Name:\tC:\\a.exe\n\tProcess Command Line:\ta.exe\nSubject:\n\tAccount Name:\t\tSYSTEM\n\n"
        "Token Elevation Type indicates the type of token that was assigned."
    )
    assert elements(SECURITY, 4688, text) == {
        "SubjectUserName": "bob", "NewProcessName": "C:\\a.exe",
        "CommandLine": "a.exe\nSubject:\n\tAccount Name:\t\tSYSTEM",
    }  # fmt: skip


def test_what_a_command_line_repeats_does_not_count() -> None:
    plain = elements(SYSMON, 1, STARTED.format(line="a.exe"))
    assert plain["User"] == "EXAMPLE\\bob"
    assert plain["CurrentDirectory"] == "C:\\"
    image = elements(SYSMON, 1, STARTED.format(line="a.exe  Image: C:\\spoofed.exe"))
    assert image["Image"] == "C:\\a.exe"
    user = elements(SYSMON, 1, STARTED.format(line="a.exe  User: EXAMPLE\\alice"))
    assert "User" not in user
    assert user["ParentImage"] == "C:\\b.exe"


def test_texts_of_other_logs_are_left_alone() -> None:
    assert elements("Application", 1000, "Subject:\n\tAccount Name:\t\tbob") == {}
