"""The commands of `quetsach`, one module each; `cli.root` imports one when it is called."""
