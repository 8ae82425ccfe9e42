"""Whether silence proves a machine clean: hours in which it was expected, and hours in which somebody looked.

`places.py` says when a place was up, `facts.py` holds what is judged, `judging.py` judges, `gaps.py` names
what is missing and what would close it (docs/adr/0038).
"""
