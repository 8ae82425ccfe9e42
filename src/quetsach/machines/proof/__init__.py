"""Whether silence proves a machine clean: by its expected hours, and by the hours of which there are logs.

`places.py`: the hours of a place; `facts.py`: the facts of a case; `judging.py`: the judgement; `gaps.py`: the
gaps and their cures (docs/adr/0038-silence-that-proves.md).
"""
