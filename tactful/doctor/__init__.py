"""What `tactful doctor` looks at: the installation, and one customer."""
