"""One application on the clusters of both clouds at once."""
