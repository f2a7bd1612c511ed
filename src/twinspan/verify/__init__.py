"""What both clouds say, checked link by link."""
