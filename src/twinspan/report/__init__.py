"""One page of everything that was measured: what exists, whether it works, how fast, what failures cost."""
