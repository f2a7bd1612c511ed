"""What both clouds say of the network now, under one naming scheme."""
