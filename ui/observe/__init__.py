"""What whoever runs a server can see of it: logs, metrics, traces and the audit trail. None of them holds a text of anybody."""
