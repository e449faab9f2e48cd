"""What a person at a terminal sees; a document is never taken for markup."""
