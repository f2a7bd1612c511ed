"""What is missing on this machine and in the accounts, before anything is built."""
