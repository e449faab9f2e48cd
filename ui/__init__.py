"""Every door to the same answers: command line, HTTP API, Gradio page. No logic that an answer depends on."""
