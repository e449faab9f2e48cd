"""Verbs of saying and thinking, by how much must stand beside them before they say anything."""

import re

# Saying is all that these do; the others below say only with "that", a quotation or a comma beside them.
_SAYS = """said says say told tells stated states reiterated reiterates emphasized emphasised stressed stresses underscored argued argues
    argue insisted insists insist warned warns warn cautioned cautions caution lamented remarked commented explained explains clarified
    alleged alleges allege contended contends contend conceded concedes concede acknowledged acknowledges acknowledge admitted admits
    confirmed confirms denied denies deny condemned condemns accused accuses described describes announced announces declared declares
    declare predicted predicts recalled recalls complained complains criticised criticized wrote writes asserted asserts mentioned
    replied replies reply urged urges pledged vowed blamed blames reflected tweeted"""
_MAY_SAY = """added adds answered answers noted notes claimed claims claim reported reports report revealed reveals suggested suggests suggest proposed proposes indicated
    indicates indicate believed believes believe thought thinks think feared fears fear suspected suspects suspect expected expects expect
    hoped hopes hope maintained maintains maintain observed observes highlighted highlights responded responds agreed agrees estimated
    estimates called calls promised promises rejected rejects articulated doubted doubts concluded concludes found finds held holds hold"""
THINKS = frozenset(
    "believed believes believe thought thinks think suspected suspects suspect expected expects expect hoped".split()
)
ALWAYS = frozenset(_SAYS.split())
ONLY_THAT = frozenset(
    "concluded concludes found finds held holds hold fear fears hope hopes report reports claim claims expect".split()
)
INVERTED = frozenset("said says added adds noted notes wrote writes reflected".split())
CALLS = frozenset(("called", "calls"))
VERB = re.compile(
    r"\b(?:"
    + "|".join(dict.fromkeys((_SAYS + " " + _MAY_SAY).split()))
    + r"|made (?:it )?(?:quite )?clear|point(?:ed|s) out|put the blame|puts? it|(?:was|were|is|are|has been) quoted (?:by [^,.;]{1,40} )?as saying)\b"
)
