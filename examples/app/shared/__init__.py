"""What the components share: the database and the settings."""
