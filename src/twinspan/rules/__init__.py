"""What must be true of a network: the rules, by subject, whatever the network was read from."""
