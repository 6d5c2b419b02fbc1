"""How to ask, by example: beside the search and beside watches."""

from django.utils.translation import gettext_lazy

EXAMPLES = (
    (gettext_lazy("waiting reception"), gettext_lazy("both words")),
    (gettext_lazy("waiting OR late"), gettext_lazy("one of them")),
    (gettext_lazy('"waiting room"'), gettext_lazy("side by side")),
    (gettext_lazy("pain NEAR/5 knee"), gettext_lazy("at most five words apart")),
    ("attent*", gettext_lazy("every word that begins so")),
    ("-parking", gettext_lazy("not this word")),
    (gettext_lazy("rating:1..2"), gettext_lazy("at most two stars")),
    (gettext_lazy("list:rivals"), gettext_lazy("one of the words of a list")),
    (gettext_lazy("has:drug"), gettext_lazy("a medicine is named")),
)
