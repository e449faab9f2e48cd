"""What a person may see of a draft, decided by rules first."""
