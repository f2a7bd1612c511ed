"""The Azure Resource Manager API of the twin."""
