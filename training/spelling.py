"""The slips people make in the names of medicines."""

from __future__ import annotations

_SHORTEST_SLIP = 5
_SLIPS = (
    ("y", "i"), ("i", "y"), ("ph", "f"), ("th", "t"), ("x", "ks"), ("qu", "k"), ("c", "k"), ("k", "c"),
    ("ll", "l"), ("nn", "n"), ("pp", "p"), ("rr", "r"), ("ss", "s"), ("tt", "t"), ("mm", "m"), ("cc", "c"),
    ("l", "ll"), ("n", "nn"), ("p", "pp"), ("t", "tt"), ("r", "rr"), ("s", "ss"), ("s", "z"), ("z", "s"),
    ("ai", "e"), ("e", "ai"), ("en", "an"), ("an", "en"), ("on", "om"), ("o", "au"), ("au", "o"), ("c", "s"),
)  # fmt: skip


def slips(name: str) -> set[str]:
    """Common misspellings of a normalised name: one change, or one change and a final e more or less.

    >>> sorted(slips("dolipran"))[:3]
    ['dolippran', 'dolippranne', 'dolipran']
    """
    ends = {name, name.removesuffix("e"), name + "e", name + "ne" if name.endswith("n") else name}
    made = set(ends)
    for form in ends:
        for old, new in _SLIPS:
            at = form.find(old)
            while at >= 0:
                made.add(form[:at] + new + form[at + len(old) :])
                at = form.find(old, at + 1)
    return {form for form in made if len(form) >= _SHORTEST_SLIP}
