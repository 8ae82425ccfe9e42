"""Units and bodies outside any database: tables of units, the national trees, lists of enterprises, tax
codes."""
