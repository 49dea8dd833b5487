"""Which language a verb speaks: the one of the terminal, or the one that is asked for."""

from collections.abc import Mapping

LANGUAGES = ("en", "de")
NONE_MEANT = ("", "C", "POSIX")


def of_terminal(environ: "Mapping[str, str]") -> str:
    """As gettext reads it: LC_ALL before LC_MESSAGES before LANG; LANGUAGE lists what is preferred, unless that is C.

    English where it names none of ours.
    """
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    if locale.partition(".")[0] in NONE_MEANT:
        return LANGUAGES[0]
    preferred = (environ.get("LANGUAGE") or locale).split(":")
    spoken = [word.partition(".")[0].partition("@")[0].partition("_")[0] for word in preferred]
    return next((word for word in spoken if word in LANGUAGES), LANGUAGES[0])
