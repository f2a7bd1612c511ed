"""Faults of the daemons, and of the wires between them: on a twin only."""
