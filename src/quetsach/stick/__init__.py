"""The folder that runs from a USB stick: its list of files, and the menu that a double click opens."""
