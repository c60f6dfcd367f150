"""How things are said and shown everywhere: numbers, sentences, colours, tables, and what a terminal shows."""
