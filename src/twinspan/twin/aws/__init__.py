"""The AWS API of the twin: moto, extended from outside."""
