"""The typed model of both clouds; pure data, imports nothing of ours."""
