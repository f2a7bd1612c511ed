"""What can be broken: one file per fault, which says what it breaks, how, and what should happen."""
