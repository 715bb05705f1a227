"""What happened: ECS documents, Sigma, correlation, grouping, attack path. Pure; no I/O."""
