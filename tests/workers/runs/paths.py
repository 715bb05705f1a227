"""One small playbook for each way that a run may go, with the rehearsal that goes it.

Their histories are recorded and kept; see ``tests/workers/histories/README.md``.
"""

from __future__ import annotations

ASK = """
  - id: ask
    approval:
      from: responders
      expires: 1h
      on_expiry: {escalate: leads}
      question: "Block {{ inputs.ip }}?"
      releases: [block]
  - id: block
    uses: blocklist.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
  - id: tell
    notify: {tier: high, text: "{{ inputs.ip }} is blocked until {{ steps.block.until }}."}
"""
LOOK = """
  - id: look
    uses: geoip.lookup
    with: {ip: "{{ inputs.ip }}"}
"""
STEPS: dict[str, tuple[str, str]] = {
    "granted": (LOOK + ASK, "{ask: granted}"),
    "denied": (ASK, "{ask: denied}"),
    "expired": (ASK, "{ask: expired}"),
    "refused": (ASK, "{ask: granted, block: {refused: the guard protects it}}"),
    "not-applied": (ASK, "{ask: granted, block: {error: the blocklist does not answer}}"),
    "failed": (LOOK, "{look: {error: there are no data}}"),
    "fallback": (
        LOOK + "    on_error:\n      - id: instead\n        notify: {text: It is not known.}\n",
        "{look: {error: there are no data}}",
    ),
    "retried": (LOOK + "    retry: {attempts: 2, every: 1s}\n", "{look: [{error: busy}, {where: here}]}"),
    "parallel": (
        """
  - id: both
    parallel:
      one:
        - {id: left, uses: geoip.lookup, with: {ip: "{{ inputs.ip }}"}}
      two:
        - {id: right, wait: 1s}
        - {id: said, notify: {text: Done.}}
""",
        "{}",
    ),
    "foreach": (
        """
  - id: each
    foreach:
      in: [192.0.2.1, 192.0.2.2, 192.0.2.3]
      concurrency: 2
      steps:
        - {id: one, uses: geoip.lookup, with: {ip: "{{ item }}"}}
""",
        "{}",
    ),
    "switch": (
        """
  - id: which
    switch:
      value: "{{ incident.severity }}"
      cases:
        high:
          - {id: loud, notify: {tier: high, text: Loud.}}
      default:
        - {id: quiet, notify: {text: Quiet.}}
""",
        "{}",
    ),
    "wait": ("\n  - {id: pause, wait: 1s}\n", "{}"),
    "event": (
        '\n  - {id: seen, wait: {event: "user.name:alice", within: 1h}}\n',
        "{seen: {happened: true, event: {user: {name: alice}}}}",
    ),
    "no-event": (
        '\n  - {id: seen, wait: {event: "user.name:alice", within: 1h}}\n', "{seen: {happened: false}}",
    ),
    "webhook": (
        "\n  - {id: call, wait: {webhook: ticket-closed, where: {id: 7}, within: 1h}}\n",
        "{call: {happened: true, payload: {id: 7}}}",
    ),
    "answered": (
        """
  - id: how
    ask:
      from: responders
      expires: 1h
      on_expiry: {escalate: leads}
      question: Was it you?
      answers: {verdict: {type: choice, label: Was it?, choices: [it was, it was not]}}
  - {id: tell, notify: {text: "{{ steps.how.verdict }}"}}
""",
        "{how: {verdict: it was}}",
    ),
    "unanswered": (
        """
  - id: how
    ask:
      from: responders
      expires: 1h
      question: Was it you?
      answers: {verdict: {type: text, label: Was it?}}
  - {id: tell, notify: {text: "{{ steps.how.verdict }}"}}
""",
        "{how: expired}",
    ),
    "undone": (ASK + "  - {id: lift, undo: block}\n", "{ask: granted}"),
    "cancelled": (
        ASK
        + """
  - id: both
    parallel:
      people:
        - id: more
          approval: {from: responders, expires: 1h, question: More?, releases: [neighbour]}
        - {id: neighbour, uses: blocklist.block_ip, with: {ip: 203.0.113.8}, for: 1h}
      time:
        - {id: pause, wait: 1h}
finally:
  - {id: end, notify: {text: It is over.}}
""",
        "{ask: granted, more: cancelled}",
    ),
    "inner": (
        """
  - id: inside
    run: denied
    with: {ip: "{{ inputs.ip }}"}
""",
        "{inside.ask: granted}",
    ),
}  # fmt: skip
"""Name to steps, and what the rehearsal gives."""


def text_of(name: str) -> str:
    """Return a playbook of one way, with its rehearsal."""
    steps, given = STEPS[name]
    return (
        f"name: {name}\ndescription: One way that a run may go.\n"
        "on: {incident: {rules: [a-rule]}}\n"
        "inputs: {ip: {type: ip, from: incident.entities.ip}}\n"
        f"steps:{steps}"
        "tests:\n"
        "  - name: it goes\n"
        "    incident: {rules: [a-rule], severity: high, entities: {ip: [203.0.113.7]}}\n"
        f"    given: {given}\n    expect: {{}}\n"
    )
