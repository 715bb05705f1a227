"""What to do: the playbook language, its engine, policy, check, plan and rehearsal. Pure; no I/O."""
