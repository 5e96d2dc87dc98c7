"""The phrases of prompt injection, as data: what each weighs as evidence in a prompt and in material.

Sources: the attack classes of OWASP LLM01 and MITRE ATLAS AML.T0051, T0054 and T0056, and the chat formats that model
providers document (ChatML, Harmony, Llama 2 to 4, Gemma, Mistral, Command, DeepSeek, Alpaca, Anthropic).
Expressions are RE2's and Hyperscan's common subset, matched regardless of case.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import injection_languages as languages

__all__ = ["OVERRIDE", "RULES", "TOKEN", "Rule"]


class Rule(NamedTuple):
    """An expression and its weight, 0 to 1: how likely it is meant as an attack if nothing else is known."""

    category: str
    pattern: str
    needs: tuple[str, ...]
    """Simpler expressions, each of which occurs in every text that the pattern matches."""
    prompt: float
    """Weight in what a user says, who may give orders, but not undo the application's."""
    material: float
    """Weight in what a document or a tool says, which may give none."""


_GAP = "[^.!?。！？\n]{0,40}"
_GAP_IN = re.compile(r"\[\^\.!\?\\n\]\{0,\d+\}")
_WORD = re.compile(r"%\((\w+)\)s")

_WORDS = {
    "ignore": (
        r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?(?: about)?|overlook|neglect|discard|dismiss|abandon|set aside"
        r"|override|overrule|bypass|unlearn|pay no attention to|stop (?:following|obeying)|(?:do not|don'?t) (?:follow|obey))"
    ),
    "orders": (
        r"(?:instructions?|prompts?|rules|guidelines?|directives?|directions|commands?|orders|constraints|restrictions"
        r"|programming|policies|guardrails|safeguards|safety (?:measures|protocols|features|filters)"
        r"|(?:content|ethical|safety|security) (?:filters?|policy|policies|guidelines|protocols|restrictions))"
    ),
    "before": r"(?:previous(?:ly)?|prior|above|preceding|earlier|former|foregoing|past|original|initial|existing|system|developer)",
    "ai": (
        r"(?:(?:an? |any |all |the )?(?:AI|artificial intelligence|LLM|large language|language)[ -]?"
        r"(?:assistant|agent|model|system|bot|reviewer|summari[sz]er|tool|reader)?s?|chat ?bots?|ChatGPT|GPT-?[345]\w*|Claude"
        r"|Gemini|Copilot|Llama|virtual assistants?|AI assistants?)"
    ),
    "show": (
        r"(?:reveal|print|show|repeat|output|display|tell|give|leak|expose|share|recite|dump|disclose|provide|list|copy"
        r"|return|state|spell out|write (?:out|down)|translate|summari[sz]e|encode|paste|read)"
    ),
    "user": r"(?:the |any |your )?(?:user|users|human|customer|operator|reader|owner|person)",
    "page": (
        r"(?:this|the|these|above|following) (?:\w+ )?(?:page|document|e-?mail|message|text|file|web ?site|article|review"
        r"|ticket|content|resume|r[eé]sum[eé]|cv|paper|repo|repository|listing|data|results?|issue)s?"
    ),
}
"""What the expressions below call ``%(name)s``; each must be there, which is what the gate looks for."""

OVERRIDE, TOKEN = "injection.override", "injection.control_token"

_ENGLISH = [
    # take back what was said
    (r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,3}?%(before)s\s+(?:[\w'-]+\s+){0,4}?%(orders)s\b", 0.9, 0.9),
    (r"\b%(ignore)s\s+(?:all|any|every|each)\s+(?:of\s+)?(?:[\w'-]+\s+){0,4}?%(orders)s\b", 0.6, 0.65),
    (r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,2}?your\s+(?:[\w'-]+\s+){0,3}?%(orders)s\b", 0.85, 0.85),
    (
        r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,3}?%(orders)s\s+(?:(?:that|which)\s+)?(?:you\s+)?(?:were\s+|have\s+|had\s+|has\s+)?"
        r"(?:been\s+)?(?:above|before|previously|given|told|received|so far|until now|up to now)\b",
        0.8,
        0.8,
    ),
    (
        r"\b%(ignore)s\s+(?:everything|anything|all|what(?:ever)?)\s+(?:(?:else|that|which|of|the|text|was|is|has|I|we|you"
        r"|been|were|have|'ve|written|said|stated|came|mentioned)\s+){0,5}"
        r"(?:above|before|prior|previously|preceding|earlier|told|know|knew|learn(?:ed|t)|up to (?:now|this))\b",
        0.75,
        0.75,
    ),
    (
        r"\b%(ignore)s\s+(?:all\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:above|previous|preceding|prior)\b[,;:]?\s+(?:\w+\s+)?"
        r"(?:and|but|then|instead)\s+(?:instead\s+)?(?:say|print|output|tell|write|respond|do|translate|repeat|answer|give"
        r"|generate|return|only|reply|show|send)\b",
        0.8,
        0.8,
    ),
    # put oneself in its place
    (r"(?:^|[.!?\n]\s*)(?:here (?:are|is) )?(?:your |the |some )?(?:new|updated|revised|real|actual)"
     r" (?:system )?(?:instructions?|rules|directives?|prompt|task|objective|orders)\s*(?::|are\b|is\b)", 0.5, 0.6),
    (r"\byour (?:new|real|actual|true|only|sole|primary) (?:task|goal|objective|instructions?|purpose|role|job|mission"
     r"|directive|identity) (?:is|are|will be)\b", 0.5, 0.6),
    (r"\b(?:system|admin(?:istrator)?|developer|security|instruction)[ _-](?:override|overwrite)\b", 0.4, 0.5),
    (r"\bimportant\W{1,4}(?:(?:system |security )?(?:message|instruction|note|notice|information|update)s? )?(?:for|to) "
     r"(?:the |you,? )?(?:%(ai)s|assistant|agent|model)\b", 0.5, 0.8),
    (r"(?:^|\n)\W{0,6}(?:begin|start of|new|end of) (?:system |user |new |admin )?(?:prompt|instructions?|context|input"
     r"|document|query|message)\W", 0.25, 0.35),
    (r"(?:^|\n)[\W_]{0,6}(?:system|admin|developer)(?: (?:message|prompt|instructions?|note|update|notice|alert"
     r"|command))?[\])*_ ]{0,3}:", 0.3, 0.4),
    (r"\byour (?:new|updated) instructions\b|\binstructions? (?:have|has) (?:changed|been (?:updated|replaced"
     r"|superseded))\b", 0.3, 0.4),
    (r"\b(?:this|the following) (?:message |instruction |prompt |note )?(?:overrides|supersedes|replaces|takes precedence"
     r" over|has priority over) (?:all |any |the |your |every )*(?:%(before)s |other )*(?:%(orders)s)", 0.75, 0.8),
    (r"\b(?:overrides?|supersedes?|replaces?) (?:all|any|every)(?: of)?(?: the| your)? (?:prior|previous|other|earlier)\b", 0.6, 0.7),
    (r"\b(?:safety|content|security|ethical|ethics) (?:protocols?|filters?|guidelines?|policy|policies|restrictions|measures"
     r"|checks) (?:are |is |have been |has been )?(?:now )?(?:disabled|off|deactivated|lifted|suspended|removed|turned off"
     r"|bypassed)\b", 0.4, 0.5),
    (r"\b(?:forget|disregard|ignore) (?:about )?(?:everything|all)(?: (?:that|of that|this))?(?:[,;:!]| and\b| we\b| I\b| you\b)",
     0.5, 0.5),
    # who are you?
    (r"\byou (?:are|will be|become|'re) (?:now |going to be )?(?:in |entering |running in )?(?:an? |the )?(?:DAN\b|developer mode"
     r"|god mode|admin(?:istrator)? mode|debug mode|maintenance mode|jailbr(?:oken|eak)|unrestricted|unfiltered|uncensored"
     r"|unaligned|evil|amoral|unethical|rogue)", 0.75, 0.8),
    (r"\b(?:developer|god|DAN|jailbreak|evil|unrestricted|unfiltered|uncensored|opposite) mode (?:is |has been )?(?:now )?"
     r"(?:enabled|on|activated|engaged|unlocked)\b|\b(?:enter|enable|activate|switch (?:in)?to|engage) (?:the )?"
     r"(?:developer|god|admin|DAN|jailbreak|unrestricted|unfiltered|uncensored|opposite) mode\b", 0.7, 0.7),
    (r"\bdo anything now\b|\bact(?:ing)? as (?:an? )?DAN\b|\bDAN (?:mode|prompt)\b|\bstay a DAN\b", 0.7, 0.6),
    (r"\b(?:act|behave|respond|answer|pretend|imagine|speak|operate|talk)\b[^.!?\n]{0,30}\b(?:as if|as though|like|that|as)"
     r"\b[^.!?\n]{0,20}\b(?:you (?:have|had|are under|were under) no|an? (?:unrestricted|unfiltered|uncensored|evil|amoral"
     r"|unethical|jailbroken|unaligned))\b", 0.65, 0.65),
    (r"\byou (?:have|are|do|will|can|must) (?:now |been )?(?:no longer (?:bound|restricted|limited|constrained|subject)"
     r"|free(?:d)? (?:from|of) (?:all|any|the|your)|not (?:bound|restricted|limited|constrained) by)\b", 0.7, 0.75),
    (r"\b(?:broken?|break) free (?:of|from) (?:the |all |any )?(?:typical |usual )?(?:confines|restrictions|constraints|rules"
     r"|limit)", 0.6, 0.6),
    (r"\b(?:without|no|free (?:of|from)) (?:any |all )?(?:moral|ethical|legal|content|safety)?(?:,| and| or)? ?(?:moral |"
     r"ethical |legal |safety )?(?:restrictions?|limitations?|filters?|filtering|censorship|guidelines|guardrails)\b",
     0.25, 0.25),
    (r"\byou (?:must|will|should|can|may) (?:never|not|no longer) (?:refuse|decline|reject|say (?:that )?you (?:can'?t"
     r"|cannot))\b|\bnever (?:refuse|decline) (?:a|any|the|my)\b", 0.5, 0.5),
    (r"\byou (?:now |will |can |shall )?(?:have|are|be|answer|respond|speak) (?:now )?(?:no (?:rules|restrictions|limits"
     r"|limitations|filters|boundaries|ethics|ethical|moral)|unrestricted|unfiltered|uncensored|without (?:any )?(?:rules"
     r"|restrictions|limits|filters?))\b", 0.5, 0.55),
    (r"\b(?:AI|assistant|chatbot|bot|model|character|persona)\b[^.!?\n]{0,30}\b(?:with(?: absolutely)? no|without(?: any)?) "
     r"(?:\w+ )?(?:rules|restrictions|limits|limitations|filters?|ethics|morals|guidelines|policy|policies|boundaries)\b",
     0.5, 0.5),
    (r"\bfrom now on\b,? (?:you|your|act|respond|answer|only|always|I want|we|every|reply|speak)", 0.3, 0.45),
    (r"\byou are now (?:an?|the|my|going|in|called|named|free|acting)\b", 0.3, 0.5),
    (r"\b(?:pretend|imagine|roleplay|role-play|act as|play the role)\b[^.!?\n]{0,40}\b(?:you|to be|are|of)\b", 0.1, 0.2),
    (r"\bstay in character\b|\bhypothetical response\b|\bnever break character\b|\bjailbr(?:eak|oken)\b", 0.2, 0.2),
    # what were you told?
    (r"\b%(show)s\b[^.!?\n]{0,40}\b(?:your|this|its) (?:\w+ ){0,3}?(?:system|initial|hidden|secret|original|internal"
     r"|confidential|base|pre|developer|underlying|full|entire|exact|complete)[ -](?:\w+ ){0,2}?(?:prompts?|message|instructions?"
     r"|rules|guidelines|configuration|directives?)\b", 0.75, 0.75),
    (r"\b%(show)s\b[^.!?\n]{0,30}\bthe (?:\w+ ){0,2}?system (?:prompt|message|instructions)\b", 0.55, 0.55),
    (r"\b%(show)s\b[^.!?\n]{0,30}\b(?:hidden|secret|initial|internal|original) (?:prompt|instructions|rules)\b", 0.4, 0.45),
    (r"\b%(show)s\b[^.!?\n]{0,15}\b(?:your|all (?:of )?your) (?:prompt|instructions|directives|guidelines|programming)\b",
     0.5, 0.5),
    (r"\bwhat (?:is|are|was|were|does) (?:your|the) (?:\w+ ){0,2}?(?:system prompt|system message|initial (?:prompt"
     r"|instructions)|hidden (?:prompt|instructions)|original (?:prompt|instructions))\b", 0.5, 0.45),
    (r"\b%(show)s\b[^.!?\n]{0,20}\b(?:everything|all|the (?:words|text|sentences?|content|lines?|messages?|instructions?"
     r"|prompt))\b[^.!?\n]{0,15}\b(?:above|before this|preceding)\b", 0.55, 0.5),
    (r"\b(?:starting|beginning|begins|starts) with (?:the (?:words|phrase) )?.{0,3}you are (?:chatgpt|an?|the)\b", 0.5, 0.5),
    # orders to whoever reads for the user
    (r"(?:^|[\n.!?(\[*#>-]\s*)(?:dear|hey|hello|hi|attention|note (?:to|for)|message (?:to|for)|notice (?:to|for)"
     r"|instructions? (?:to|for)|to|reminder (?:to|for)|memo to) (?:%(ai)s|(?:any |all |the )?(?:bot|assistant|agent)s?)\b", 0.0, 0.55),
    (r"(?:^|[\n.!?(\[*#>-]\s*)%(ai)ss?(?: (?:assistant|agent|model|reader)s?)?\s*[:,] ", 0.0, 0.35),
    (r"\bif you(?:'re| are) (?:%(ai)s|an? (?:assistant|agent|bot|automated (?:system|agent|assistant)|model))\b", 0.1, 0.6),
    (r"\b%(ai)s(?: (?:assistant|agent|model|system)s?)? (?:reading|processing|summari[sz]ing|parsing|analy[sz]ing"
     r"|reviewing|evaluating|(?:that|who|which) (?:reads?|process(?:es)?|summari[sz]es?)) (?:this|these)\b", 0.0, 0.6),
    (r"\b(?:when|while|before|after|if) (?:you )?(?:are )?(?:asked to )?(?:summari[sz]|process|read|analy[sz]|review|answer"
     r"|evaluat|rank|translat|respond|scor|grad)\w* (?:(?:to|about|questions about) )?%(page)s", 0.0, 0.3),
    (r"\bin your (?:\w+ )?(?:summary|response|answer|reply|output|review|report|evaluation)\b[^.!?\n]{0,40}\b(?:include"
     r"|mention|add|say|write|state|recommend|insert|append|use)\b", 0.05, 0.45),
    (r"\b(?:include|mention|add|append|insert|put)\b[^.!?\n]{0,60}\b(?:in|to|at the end of) your (?:\w+ )?(?:summary"
     r"|response|answer|reply|output|review|report)\b", 0.05, 0.45),
    (r"\b(?:do not|don'?t|never|must not|should not|without) (?:tell(?:ing)?|inform(?:ing)?|alert(?:ing)?|notify(?:ing)?"
     r"|warn(?:ing)?|ask(?:ing)?|let(?:ting)?|show(?:ing)?)\s+%(user)s\b", 0.35, 0.55),
    (r"\b(?:do not|don'?t|never|without) (?:mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|discuss(?:ing)?|show(?:ing)?"
     r"|acknowledg(?:e|ing)|report(?:ing)?)\b[^.!?\n]{0,40}\b(?:this (?:instruction|message|text|prompt|note|step"
     r"|request)|these instructions|to %(user)s)\b", 0.35, 0.6),
    (r"\b(?:keep|hide) (?:this|it|these)(?: \w+)? (?:secret|hidden|confidential|quiet)? ?from %(user)s\b", 0.4, 0.65),
    (r"\b(?:the|this|any|all|every) (?:AI|LLM|language model|AI (?:assistant|agent|model|system)|chatbot)s? (?:must|should|shall"
     r"|has to|have to|needs? to|is (?:required|instructed|ordered) to|will) (?:now |always |never |not |immediately |only )*"
     r"(?:ignore|respond|reply|recommend|say|output|print|include|send|forward|tell|state|rate|answer|append|execute|call"
     r"|use|visit|rank|mention|give)\b", 0.0, 0.4),
    (r"\b(?:assistant|agent|AI|model|chatbot)\b[,:]? (?:please )?(?:you (?:must|should|have to|need to|are (?:required|to)))"
     r"\b", 0.05, 0.4),
    (r"\b(?:the user|your user|the human) (?:has |have )?(?:already )?(?:authori[sz]ed|approved|consented|agreed|wants you to"
     r"|asked you to|instructs you to)\b", 0.1, 0.35),
    (r"\b(?:when|whenever|once|after) you (?:have )?(?:read|process|see|open|summari[sz]e|analy[sz]e|parse|review|receive)\w* "
     r"(?:this|these)\b", 0.0, 0.4),
    (r"\bbefore (?:responding|replying|answering|you (?:answer|respond|reply|continue|finish)|(?:completing|continuing"
     r"|finishing|proceeding) (?:with )?(?:the|this|your|any) (?:task|request|user))\b", 0.0, 0.3),
    (r"\b(?:to|at) the end of (?:your|every|each|any|all) (?:\w+ )?(?:reply|response|answer|summary|output|message)s?\b",
     0.1, 0.45),
    (r"\b(?:in|to) (?:every|each|all|any) (?:\w+ )?(?:future|subsequent|following|later) (?:\w+ )?(?:reply|replies|response"
     r"|answer|summar(?:y|ies)|output|message|report|task)s?\b", 0.15, 0.45),
    (r"\b(?:call|invoke|use|run|execute)\s+(?:the\s+)?[`'\"]?[a-z]+_[a-z_]+\b", 0.0, 0.3),
    (r"\b(?:e-?mail|send|forward|post|upload|transmit|leak|submit|exfiltrate|copy)\b[^.!?\n]{0,30}\b(?:customers?|users?'?s?"
     r"|clients?|conversation|chat|secrets?|passwords?|credentials?|api keys?|tokens?|database|environment variables|system "
     r"prompt|data|history|e-?mails|contacts|files|documents)\b[^.!?\n]{0,60}(?:\S+@\S+\.\w|https?://)", 0.1, 0.45),
    (r"%(ai)s[^.!?\n]{0,60}\b(?:must|should|shall|needs? to|(?:are|is) (?:required|instructed|asked|requested) to)\b", 0.0, 0.3),
    (r"\bexfiltrat(?:e|ing)\b[^.!?\n]{0,40}\b(?:data|secrets?|credentials?|keys?|conversation|history|to)\b", 0.2, 0.25),
]  # fmt: skip

_TOKENS = [
    (
        r"<[|｜] ?(?:im_start|im_end|im_sep|start_header_id|end_header_id|eot_id|eot|eom_id|eom|python_tag|begin_of_text"
        r"|end_of_text|header_start|header_end|endoftext|endofprompt|startoftext|system|user|assistant|developer|tool|function"
        r"|observation|end|start|message|channel|constrain|return|call|turn|sep|pad|tool_calls?|tool_response|tool_results?"
        r"|[a-z]+_(?:of_)?turn(?:_token)?|[a-z]+_token|fim_(?:prefix|middle|suffix)|(?:begin|end)[▁_]of[▁_]sentence"
        r"|tool[▁_][a-z▁_]{3,24}) ?[|｜]>",
        0.85,
        0.9,
    ),
    (r"\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]", 0.8, 0.85),
    (r"</?(?:start|end)_of_turn>|</?(?:start|end)_of_(?:image|text|system)>", 0.8, 0.85),
    (
        r"</?(?:antml:)?(?:function_calls|function_results|tool_call|tool_response|tool_calls|function_call|tool_use"
        r"|tool_result)>|<(?:antml:)?invoke name=|<(?:antml:)?function_calls",
        0.6,
        0.75,
    ),
    (
        r"</?(?:system[_-]?(?:prompt|message|instructions?|override|reminder|note)|user[_-](?:query|input|prompt|request)"
        r"|sys|admin[_-](?:message|override|instructions?)|developer[_-]message)>",
        0.5,
        0.65,
    ),
    (r"(?:^|\n)\s*#{2,4} ?(?:system|instructions?|response|assistant|user|human|input) ?:", 0.35, 0.4),
    (r"\n\s*\n?(?:human|assistant|user|system|AI): ?(?:\S[^\n]*)?\n\s*(?:human|assistant|user|system|AI):", 0.25, 0.4),
    (
        r"(?:^|\n)\s*\[?(?:system|assistant|developer)\]?\s*\((?:message|override|instruction|priority|admin)\)",
        0.5,
        0.6,
    ),
]


def _rule(category: str, pattern: str, prompt: float, material: float) -> Rule:
    words = tuple(_WORDS[name] for name in dict.fromkeys(_WORD.findall(pattern)))
    needs = words or tuple(_GAP_IN.split(pattern))
    return Rule(category, _WORD.sub(lambda word: _WORDS[word[1]], pattern), needs, prompt, material)


def _phrase(parts: tuple[str, ...], prompt: float, material: float) -> Rule:
    return Rule(OVERRIDE, _GAP.join(f"(?:{part})" for part in parts), parts, prompt, material)


RULES: tuple[Rule, ...] = (
    *(_rule(OVERRIDE, *row) for row in _ENGLISH),
    *(_rule(TOKEN, *row) for row in _TOKENS),
    *(_phrase(parts, 0.85, 0.85) for parts in languages.IGNORE),
    *(_phrase(parts, 0.5, 0.55) for parts in languages.FORGET),
    _phrase((languages.SHOW, languages.PROMPT), 0.65, 0.65),
    _phrase((languages.PROMPT, languages.SHOW_LAST), 0.65, 0.65),
    _phrase((languages.BECOME,), 0.25, 0.35),
    _phrase((languages.FREE,), 0.5, 0.5),
)
