"""Who may come in: the layer outside every door of the server."""
