"""The files in which annexes come: Word, Excel, PDF, pictures, and archives of them."""
