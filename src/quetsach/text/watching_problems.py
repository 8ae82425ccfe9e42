"""The problems that `quetsach watch` reports, for `quetsach.text.problems`."""


def N_(text: str) -> str:
    """Mark a text for translation without translating it."""
    return text


WATCHING = (
    N_(
        "was written anew with new lines in front of those that were read before, so the older lines count"
        " once more; let the program append to its log"
    ),
    N_(
        "was written anew, and nobody can see where its new lines begin, so lines may count once more; let"
        " the program append to its log"
    ),
    N_(
        "holds so many zeros that nobody sees where its writer fills them later; scan it again when it is"
        " finished"
    ),
    N_(
        "lies on a network file system (%(kind)s), where a state is not safe; give a folder on a disk of this"
        " machine"
    ),
    N_("another watcher uses this state; look at it with --show, or give another --state"),
    N_(
        "was kept by a newer quetsach (state %(number)s, this one knows %(known)s); install that version"
        " again, or give another --state"
    ),
    N_("is no state of a watcher, or is damaged; give another --state"),
    N_("the state cannot be used: %(why)s; give another --state"),
    N_("holds no state of a watcher; start quetsach watch with it first"),
    N_("cannot be used for the state: %(why)s"),
    N_(
        "was begun with %(option)s %(value)s; give that, or another --state: the same lines would count again"
    ),
    N_("the state cannot be written: %(why)s; make room on that disk and start again; nothing is lost"),
    N_(
        "the state is damaged: %(why)s; keep a copy of its folder and start with another --state: the logs"
        " that are still kept are read again"
    ),
    N_("was kept by an older quetsach; start quetsach watch with it first"),
    N_("rows were deleted or added by another program"),
    N_(
        "was begun with the name %(name)s, the zone %(zone)s and the format %(form)s; give these, or another"
        " --state: the same lines would count again"
    ),
    N_("is too large for a file of settings"),
    N_("is not UTF-8"),
    N_("is not TOML: %(why)s"),
    N_("%(key)s is not known here; only tables [[source]] are"),
    N_("names no place: give a table [[source]] with name and follow"),
    N_("%(key)s is not known; a source has %(keys)s"),
    N_("a source needs a name of at most %(most)s characters"),
    N_("a source needs follow: files, folders or patterns"),
    N_("%(key)s is no text between quotation marks"),
    N_("%(key)s is no list of paths"),
    N_("%(path)s is followed by another source already"),
    N_("%(name)s has another zone above; give another name"),
    N_(
        "the list %(url)s cannot be fetched: nothing is there (HTTP 404); a portal has it at"
        " /api/v1/indicators?campaign=NAME, and its page of logs shows the whole address"
    ),
    N_(
        "the list %(url)s cannot be fetched: it was withdrawn (HTTP 410); ask the coordinator of the campaign"
    ),
    N_("the list %(url)s cannot be fetched: its server answers %(status)s; try again later"),
    N_("the list %(url)s cannot be fetched: it has moved to %(to)s; give that address if you trust it"),
    N_(
        "the list %(url)s cannot be fetched: the certificate of %(server)s cannot be trusted; ask the"
        " coordinator"
    ),
    N_(
        "the portal does not tell which machines wait for proof (%(status)s); those that it told before are"
        " looked for"
    ),
    N_("the list %(url)s cannot be fetched: this is no https address"),
    N_("the list %(url)s cannot be fetched: it is larger than %(most)s"),
    N_("the list %(url)s cannot be fetched: %(server)s cannot be reached; check the network and the address"),
)
