"""What the parts of a study must agree on beyond their own shape."""
