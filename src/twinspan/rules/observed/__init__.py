"""The checks, one module per layer; each is a generator of findings over `Facts`, without side effects."""
