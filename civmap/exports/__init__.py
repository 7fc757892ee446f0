"""What leaves the tool: exhibits in, bytes out."""
