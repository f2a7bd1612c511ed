"""What a command works on: an environment at one place, a twin or real accounts, behind one protocol."""
