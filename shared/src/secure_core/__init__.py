"""One road from a text to a sanitised text: normalise, detect, decide, sanitise, record."""
