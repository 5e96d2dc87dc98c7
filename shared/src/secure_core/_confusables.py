"""Characters that hide, and characters that pretend: small tables for `secure_core.normalize`.

Facts from the Unicode Character Database (Default_Ignorable_Code_Point), UAX #15 (NFKC) and UTS #39
(confusables), reduced to what a reader of Latin script takes for a Latin letter or a digit.
"""

from __future__ import annotations

__all__ = [
    "BIDI",
    "COMPATIBILITY_BLOCKS",
    "COMPATIBLE",
    "INVISIBLE",
    "LOOKALIKES",
    "MARKS",
    "PRETENDERS",
    "RIGHT_TO_LEFT",
    "SCRIPTS",
    "STRIKES",
]

# Each constant below is the inside of a character class, for `re` and RE2 alike.

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Directional marks, embeddings, overrides and isolates."""

INVISIBLE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"  # controls that no text needs
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that a screen shows nothing for."""

RIGHT_TO_LEFT = "\u0590-\u05ff\u0620-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""Letters of scripts that are written from right to left."""

MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20dc\u20e1\u20e5-\u20f0\ufe20-\ufe2f"
"""Combining marks of no particular script (the keycap and prohibition signs left out: emoji use them)."""

STRIKES = "\u0335-\u0338\u20d2\u20d3\u20e5"
"""Marks that are drawn through a letter."""

COMPATIBLE = (
    "\u00a0\u017f\u02b0\u02b2\u02b3\u02b7\u02b8\u02e1-\u02e3\u1d2c\u1d2e\u1d30\u1d31\u1d33-\u1d3a\u1d3c\u1d3e-\u1d43"
    "\u1d47-\u1d49\u1d4d\u1d4f\u1d50\u1d52\u1d56-\u1d58\u1d5b\u1d62-\u1d65\u1d9c\u1da0\u1dbb\u2000-\u200a\u2024\u202f"
    "\u205f\u2071\u207f\u2090-\u2093\u2095-\u209c\u2102\u210a-\u210e\u2110-\u2113\u2115\u2119-\u211d\u2124\u2128\u212a"
    "\u212c\u212d\u212f-\u2131\u2133\u2134\u2139\u2145-\u2149\u2160-\u217f\u249c-\u24e9\u2c7c\u2c7d\ua7f2-\ua7f4\ufb00-\ufb06\ufe64\ufe65\ufe6b"
    "\uff03\uff05\uff06\uff10-\uff19\uff1c-\uff1e\uff20-\uff3a\uff3c\uff41-\uff5d"
    "\U0001d400-\U0001d6a3\U0001d7ce-\U0001d7ff\U0001f110-\U0001f12e\U0001f130-\U0001f149\U0001f150-\U0001f169"
    "\U0001f170-\U0001f189\U0001fbf0-\U0001fbf9"
)
"""Other shapes of ASCII letters, digits and signs: their presence is worth a second reading.

Everyday typography that no attack needs is left out (superscript digits, fractions, the ellipsis, CJK punctuation).
"""

COMPATIBILITY_BLOCKS = (
    COMPATIBLE + "\u2000-\u200a\u2024-\u2026\u2070-\u209c\u2100-\u218f\u2460-\u24ff\u3000\u3200-\u33ff"
    "\ufe10-\ufe6b\uff01-\uff9f\uffe0-\uffee"
)
"""What that second reading normalises along: blocks in which compatibility characters stand close together."""


def _pairs(lookalikes: str, latin: str) -> dict[str, str]:
    return dict(zip(lookalikes, latin, strict=True))


LOOKALIKES = {
    # Cyrillic
    **_pairs("абвсԁеԍһіјкмнӏорԛгѕтуѵԝхѡѐёїґьғ", "a6bcdeghijkmhlopqrstyvwxweeirbf"),
    **_pairs("АВСԀЕҒԌНІЈКӀМОРԚЅТУѴԜХҮЗЬ", "ABCDEFGHIJKIMOPQSTYVWXY3b"),
    # Greek
    **_pairs("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj"),
    **_pairs("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϜ", "ABEZHIKMNOPTYXCF"),
    # Armenian, Cherokee, Lisu
    **_pairs("ցհոսօքզյվԱՕՍՏԼ", "ghnuopqjuUOUSL"),
    **_pairs("ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃ", "ABCDEGHIJKLMPRSTVWYZ"),
    **_pairs("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "ABCDEFGHIJKLMNOPRSTUVWXYZ"),
    # Latin letters of other alphabets and small capitals
    **_pairs("ɑɡɩιɪʟɴʀʏʙʜɢᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱƖϱ", "agiiilnrybhgacdejkmoptuvwzfsIp"),
}
"""What an eye takes for a Latin letter."""

PRETENDERS = "асԁеһіјӏорԛѕуԝхАВСЕНІЈКМОРЅТХѵοϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧօցհոսᎪᏟᎬᎻᏆᎫᏦᏞᎷᏢᏚᎢᏙᎳ"
"""The look-alikes that are drawn like the Latin letter itself, so that one of them is enough."""

SCRIPTS = "\u0370-\u052f\u0531-\u0587\u13a0-\u13ff\ua4d0-\ua4ff"
"""The scripts from which look-alikes are borrowed."""
