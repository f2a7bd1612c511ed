"""What the clouds would publish of the network: measured on the data plane, asked through the two APIs."""
