"""The kinds of files that hold annexes: Word, Excel, PDF, pictures, and archives of them."""
