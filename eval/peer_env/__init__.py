"""Peers that cannot share our environment: installed beside it, asked through files, read back as rows of the report."""
