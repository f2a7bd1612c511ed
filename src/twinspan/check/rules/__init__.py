"""The rules, by what they are about; each takes a design and yields findings."""
