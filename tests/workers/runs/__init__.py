"""Real runs that are killed: workers as processes of their own, and a test vendor that counts what it does.

- `script` makes a run of a playbook's own rehearsal: which outcome each step gets, with short times.
- `records` is what outlives a killed worker: effects, cards, state and evidence, in one SQLite file a run.
- `stage` is the worker process; `nursery` forks it from a process that has imported everything.
- `theatre` starts a run, answers for people, and starts the worker again whenever it dies.
"""
