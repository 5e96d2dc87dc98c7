"""The phrases and tokens of prompt injection, in English and in the formats of chat models.

A row is the weight in a prompt, the weight in material (see `injection_rules.Rule`), and an expression in the common
subset of RE2 and Hyperscan, matched regardless of case. Sources: the attack classes of OWASP LLM01 and of MITRE ATLAS
AML.T0051, T0054 and T0056, and the formats that model providers document (ChatML, Harmony, Llama 2 to 4, Gemma,
Mistral, Command, DeepSeek, Alpaca, Anthropic).
"""

from __future__ import annotations

__all__ = ["LEAK", "OBEY", "PERSONA", "REPLACE", "TAKE_BACK", "TOKENS", "WORDS"]

Row = tuple[float, float, str]

WORDS = {
    "ignore": (
        "(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?(?: about)?|overlook|neglect|discard|dismiss"
        "|abandon|set aside|override|overrule|bypass|unlearn|pay no attention to|stop (?:following|obeying)"
        "|(?:do not|don'?t) (?:follow|obey))"
    ),
    "orders": (
        "(?:instructions?|prompts?|rules|guidelines?|directives?|directions|commands?|orders|constraints"
        "|restrictions|programming|policies|guardrails|safeguards|safety (?:measures|protocols|features"
        "|filters)|(?:content|ethical|safety|security) (?:filters?|policy|policies|guidelines|protocols"
        "|restrictions))"
    ),
    "before": (
        "(?:previous(?:ly)?|prior|above|preceding|earlier|former|foregoing|past|original|initial|existing"
        "|system|developer)"
    ),
    "ai": (
        r"\b(?:(?:an? |any |all |the )?(?:AI|artificial intelligence|LLM|large language"
        "|language)[ -]?(?:assistant|agent|model|system|bot|reviewer|summari[sz]er|tool|reader)?s?"
        r"|chat ?bots?|ChatGPT|GPT-?[345]\w*|Claude|Gemini|Copilot|Llama|virtual assistants?)\b"
    ),
    "show": (
        "(?:reveal|print|show|repeat|output|display|tell|give|leak|expose|share|recite|dump|disclose|provide"
        "|list|copy|return|state|spell out|write (?:out|down)|translate|summari[sz]e|encode|paste|read)"
    ),
    "user": r"\b(?:the |any |your )?(?:user|users|human|customer|operator|reader|owner|person)\b",
    "page": (
        r"\b(?:this|the|these|above|following) (?:\w+ )?(?:page|document|e-?mail|message|text|file|web ?site"
        "|article|review|ticket|content|resume|r[eé]sum[eé]|cv|paper|repo|repository|listing|data|results?"
        r"|issue)s?\b"
    ),
    "when": (
        r"\b(?:when|while|before|after|if) (?:you )?(?:are )?(?:asked to )?(?:summari[sz]|process|read"
        "|analy[sz]|review|answer|evaluat|rank|translat|respond|scor|grad)"
    ),
}
"""What the expressions call ``%(name)s``."""

TAKE_BACK: tuple[Row, ...] = (
    (0.9, 0.9, r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,3}?%(before)s\s+(?:[\w'-]+\s+){0,4}?%(orders)s\b"),
    (0.6, 0.65, r"\b%(ignore)s\s+(?:all|any|every|each)\s+(?:of\s+)?(?:[\w'-]+\s+){0,4}?%(orders)s\b"),
    (0.85, 0.85, r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,2}?your\s+(?:[\w'-]+\s+){0,3}?%(orders)s\b"),
    (
        0.8,
        0.8,
        r"\b%(ignore)s\s+(?:[\w'-]+\s+){0,3}?%(orders)s\s+(?:(?:that|which)\s+)?(?:you\s+)?(?:were\s+|have\s+"
        r"|had\s+|has\s+)?(?:been\s+)?(?:above|before|previously|given|told|received|so far|until now"
        r"|up to now)\b",
    ),
    (
        0.75,
        0.75,
        r"\b%(ignore)s\s+(?:everything|anything|all|what(?:ever)?)\s+(?:(?:else|that|which|of|the|text|was|is"
        r"|has|I|we|you|been|were|have|'ve|written|said|stated|came|mentioned)\s+){0,5}(?:above|before|prior"
        r"|previously|preceding|earlier|told|know|knew|learn(?:ed|t)|up to (?:now|this))\b",
    ),
    (
        0.8,
        0.8,
        r"\b%(ignore)s\s+(?:all\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:above|previous|preceding"
        r"|prior)\b[.,;:!]?\s+(?:\w+\s+)?(?:and|but|then|instead)\s+(?:instead\s+)?(?:say|print|output|tell"
        r"|write|respond|do|translate|repeat|answer|give|generate|return|only|reply|show|send)\b",
    ),
)
"""Take back what the application said."""

REPLACE: tuple[Row, ...] = (
    (
        0.5,
        0.6,
        r"(?:^|[.!?\n]\s*)(?:here (?:are|is) )?(?:your |the |some )?(?:new|updated|revised|real|actual)"
        r" (?:system )?(?:instructions?|rules|directives?|prompt|task|objective|orders)\s*:",
    ),
    (
        0.5,
        0.6,
        r"\byour (?:new|real|actual|true|only|sole|primary) (?:task|goal|objective|instructions?|purpose|role"
        r"|job|mission|directive|identity) (?:is|are|will be)\b",
    ),
    (0.4, 0.5, r"\b(?:system|admin(?:istrator)?|developer|security|instruction)[ _-](?:override|overwrite)\b"),
    (
        0.5,
        0.8,
        r"\bimportant\W{1,4}(?:(?:system |security )?(?:message|instruction|note|notice|information"
        r"|update)s? )?(?:for|to) (?:the |you,? )?(?:%(ai)s|assistant|agent|model)\b",
    ),
    (
        0.25,
        0.35,
        r"(?:^|\n)\W{0,6}(?:begin|start of|new|end of) (?:system |user |new |admin )?(?:prompt|instructions?"
        r"|context|input|document|query|message)\W",
    ),
    (
        0.3,
        0.4,
        r"(?:^|\n)[\W_]{0,6}(?:system|admin|developer)(?: (?:message|prompt|instructions?|note|update|notice"
        r"|alert|command))?[\])*_ ]{0,3}:",
    ),
    (
        0.3,
        0.4,
        r"\byour (?:new|updated) instructions\b|\binstructions? (?:have|has) (?:changed|been (?:updated"
        r"|replaced|superseded))\b",
    ),
    (
        0.75,
        0.8,
        r"\b(?:this|the following) (?:message |instruction |prompt |note )?(?:overrides|supersedes|replaces"
        "|takes precedence over|has priority over) (?:all |any |the |your |every )*(?:%(before)s "
        "|other )*(?:%(orders)s)",
    ),
    (
        0.6,
        0.7,
        r"\b(?:overrides?|supersedes?|replaces?) (?:all|any|every)(?: of)?(?: the| your)? (?:prior|previous"
        r"|other|earlier)\b",
    ),
    (
        0.4,
        0.5,
        r"\b(?:safety|content|security|ethical|ethics) (?:protocols?|filters?|guidelines?|policy|policies"
        r"|restrictions|measures|checks)\W{1,3}(?:are |is |have been |has been )?(?:now )?(?:disabled|off"
        r"|deactivated|lifted|suspended|removed|turned off|bypassed)\b",
    ),
    (
        0.5,
        0.5,
        r"\b(?:forget|disregard|ignore) (?:about )?(?:everything|all)(?: (?:that|of that|this))?(?:[,;:!]"
        r"| and\b| we\b| I\b| you\b)",
    ),
)
"""Put new instructions in its place."""

PERSONA: tuple[Row, ...] = (
    (
        0.75,
        0.8,
        r"\byou (?:are|will be|become|'re) (?:now |going to be )?(?:in |entering |running in )?(?:an? "
        r"|the )?(?:DAN\b|developer mode|god mode|admin(?:istrator)? mode|debug mode|maintenance mode"
        "|jailbr(?:oken|eak)|unrestricted|unfiltered|uncensored|unaligned|evil|amoral|unethical|rogue)",
    ),
    (
        0.7,
        0.7,
        r"\b(?:developer|god|DAN|jailbreak|evil|unrestricted|unfiltered|uncensored|opposite) mode (?:is "
        r"|has been )?(?:now )?(?:enabled|on|activated|engaged|unlocked)\b|\b(?:enter|enable|activate"
        "|switch (?:in)?to|engage) (?:the )?(?:developer|god|admin|DAN|jailbreak|unrestricted|unfiltered"
        r"|uncensored|opposite) mode\b",
    ),
    (0.7, 0.6, r"\bdo anything now\b|\bact(?:ing)? as (?:an? )?DAN\b|\bDAN (?:mode|prompt)\b|\bstay a DAN\b"),
    (
        0.65,
        0.65,
        r"\b(?:act|behave|respond|answer|pretend|imagine|speak|operate|talk)\b[^.!?<>\n]{0,30}\b(?:as if"
        r"|as though|like|that|as)\b[^.!?<>\n]{0,20}\b(?:you (?:have|had|are under|were under) no"
        r"|an? (?:unrestricted|unfiltered|uncensored|evil|amoral|unethical|jailbroken|unaligned))\b",
    ),
    (
        0.7,
        0.75,
        r"\byou (?:have|are|do|will|can|must) (?:now |been )?(?:no longer (?:bound|restricted|limited"
        "|constrained|subject)|free(?:d)? (?:from|of) (?:all|any|the|your)|not (?:bound|restricted|limited"
        r"|constrained) by)\b",
    ),
    (
        0.6,
        0.6,
        r"\b(?:broken?|break) free (?:of|from) (?:the |all |any )?(?:typical |usual )?(?:confines|restrictions"
        "|constraints|rules|limit)",
    ),
    (
        0.25,
        0.25,
        r"\b(?:without|no|free (?:of|from)) (?:any |all )?(?:moral|ethical|legal|content|safety)?(?:,| and"
        "| or)? ?(?:moral |ethical |legal |safety )?(?:restrictions?|limitations?|filters?|filtering"
        r"|censorship|guidelines|guardrails)\b",
    ),
    (
        0.5,
        0.5,
        r"\byou (?:must|will|should|can|may) (?:never|not|no longer) (?:refuse|decline|reject"
        r"|say (?:that )?you (?:can'?t|cannot))\b|\bnever (?:refuse|decline) (?:a|any|the|my)\b",
    ),
    (
        0.5,
        0.55,
        r"\byou (?:now |will |can |shall )?(?:have|are|be|answer|respond|speak) (?:now )?(?:no (?:rules"
        "|restrictions|limits|limitations|filters|boundaries|ethics|ethical|moral)|unrestricted|unfiltered"
        r"|uncensored|without (?:any )?(?:rules|restrictions|limits|filters?))\b",
    ),
    (
        0.5,
        0.5,
        r"\b(?:AI|assistant|chatbot|bot|model|character|persona)\b[^.!?<>\n]{0,30}\b(?:with(?: absolutely)? no"
        r"|without(?: any)?) (?:\w+ )?(?:rules|restrictions|limits|limitations|filters?|ethics|morals"
        r"|guidelines|policy|policies|boundaries)\b",
    ),
    (
        0.35,
        0.3,
        r"\b(?:amoral|unethical|immoral|unfiltered|uncensored|unrestricted|unhinged)\b[^.!?<>\n]{0,30}\b(?:AI"
        "|assistant|chatbot|bot|model|character|persona|response|answer|language)",
    ),
    (
        0.4,
        0.4,
        r"\b(?:do|does|will|must|should|can|need)(?:es)?(?:n'?t| not) (?:have to |need to |care "
        r"|ever )*(?:about|abide by|follow|adhere to|comply with|respect|obey|care) (?:\w+ ){0,3}?(?:rules"
        r"|laws?|ethic\w*|moral\w*|legal\w*|guidelines|polic(?:y|ies)|restrictions|limitations|OpenAI)",
    ),
    (
        0.4,
        0.4,
        r"\b(?:no matter how|regardless of (?:how|whether|the|its|any)"
        r"|whether or not)\b[^.!?<>\n]{0,30}\b(?:unethical|illegal|immoral|harmful|dangerous|offensive|ethic\w*"
        r"|legal\w*|moral\w*)\b",
    ),
    (
        0.25,
        0.2,
        r"\b(?:OpenAI|Anthropic|Google|Microsoft|content|usage)(?:'s)? (?:\w+ )?(?:polic(?:y|ies)|guidelines"
        r"|restrictions|rules)\b",
    ),
    (
        0.45,
        0.45,
        r"\bnot (?:bound|restricted|limited|constrained|governed) by (?:any |the |its |their "
        r"|all )?(?:\w+ )?(?:rules|polic|ethic|guidelines|OpenAI|moral|laws|restrictions)",
    ),
    (0.3, 0.45, r"\bfrom now on\b,? (?:you|your|act|respond|answer|only|always|I want|we|every|reply|speak)"),
    (0.3, 0.35, r"\byou are now (?:an?|the|my|going|in|called|named|free|acting)\b"),
    (0.1, 0.2, r"\b(?:pretend|imagine|roleplay|role-play|act as|play the role)\b"),
    (
        0.2,
        0.2,
        r"\bstay in character\b|\bhypothetical response\b|\bnever break character\b|\bjailbr(?:eak|oken)\b",
    ),
)
"""Give the model a role that is bound by nothing."""

LEAK: tuple[Row, ...] = (
    (
        0.75,
        0.75,
        r"\b%(show)s\b[^.!?<>\n]{0,40}\b(?:your|this|its) (?:\w+ ){0,3}?(?:system|initial|hidden|secret|original"
        "|internal|confidential|base|pre|developer|underlying|full|entire|exact"
        r"|complete)[ -](?:\w+ ){0,2}?(?:prompts?|message|instructions?|rules|guidelines|configuration"
        r"|directives?)\b",
    ),
    (0.55, 0.55, r"\b%(show)s\b[^.!?<>\n]{0,30}\bthe (?:\w+ ){0,2}?system (?:prompt|message|instructions)\b"),
    (
        0.4,
        0.45,
        r"\b%(show)s\b[^.!?<>\n]{0,30}\b(?:hidden|secret|initial|internal|original) (?:prompt|instructions"
        r"|rules)\b",
    ),
    (
        0.5,
        0.5,
        r"\b%(show)s\b[^.!?<>\n]{0,15}\b(?:your|all (?:of )?your) (?:prompt|instructions|directives|guidelines"
        r"|programming)\b",
    ),
    (
        0.5,
        0.5,
        r"\bwhat (?:is|are|was|were|does) (?:your|the) (?:\w+ ){0,2}?(?:system prompt|system message"
        r"|initial (?:prompt|instructions)|hidden (?:prompt|instructions)|original (?:prompt|instructions))\b",
    ),
    (
        0.55,
        0.5,
        r"\b%(show)s\b[^.!?<>\n]{0,20}\b(?:everything|all|the (?:words|text|sentences?|content|lines?|messages?"
        r"|instructions?|prompt))\b[^.!?<>\n]{0,15}\b(?:above|before this|preceding)\b",
    ),
    (
        0.5,
        0.5,
        r"\b(?:starting|beginning|begins|starts|start|begin) with (?:the (?:words?|phrase) )?\W{0,3}you are\b",
    ),
    (
        0.5,
        0.5,
        r"\b%(show)s\b[^.!?<>\n]{0,40}\b(?:prompt|instructions|message|rules|guidelines"
        "|text) (?:that )?(?:you (?:were|have been) (?:given|told|provided)|you (?:received|got|have)"
        r"|given to you)\b",
    ),
)
"""Ask for what the application said."""

OBEY: tuple[Row, ...] = (
    (
        0.0,
        0.55,
        r"(?:^|[\n.!?(\[*#>\"'-]\s*)(?:dear|hey|hello|hi|attention|note (?:to|for)|message (?:to|for)"
        "|notice (?:to|for)|instructions? (?:to|for)|to|reminder (?:to|for)|memo to) (?:%(ai)s|(?:any |all "
        r"|the )?(?:bot|assistant|agent)s?)\b",
    ),
    (0.0, 0.35, r"(?:^|[\n.!?(\[*#>\"'-]\s*)%(ai)ss?(?: (?:assistant|agent|model|reader)s?)?\s*[:,] "),
    (
        0.1,
        0.6,
        r"\bif you(?:'re| are) (?:%(ai)s|an? (?:assistant|agent|bot|automated (?:system|agent|assistant)"
        r"|model))\b",
    ),
    (
        0.0,
        0.6,
        r"\b%(ai)s(?: (?:assistant|agent|model|system)s?)? (?:reading|processing|summari[sz]ing|parsing"
        "|analy[sz]ing|reviewing|evaluating|(?:that|who|which) (?:reads?|process(?:es)?"
        r"|summari[sz]es?)) (?:this|these)\b",
    ),
    (0.0, 0.3, r"%(when)s\w* (?:(?:to|about|questions about) )?%(page)s"),
    (
        0.05,
        0.45,
        r"\bin your (?:\w+ )?(?:summary|response|answer|reply|output|review|report"
        r"|evaluation)\b[^.!?<>\n]{0,40}\b(?:include|mention|add|say|write|state|recommend|insert|append|use)\b",
    ),
    (
        0.05,
        0.45,
        r"\b(?:include|mention|add|append|insert|put)\b[^.!?<>\n]{0,60}\b(?:in|to"
        r"|at the end of) your (?:\w+ )?(?:summary|response|answer|reply|output|review|report)\b",
    ),
    (
        0.35,
        0.55,
        r"\b(?:do not|don'?t|never|must not|should not|without) (?:tell(?:ing)?|inform(?:ing)?|alert(?:ing)?"
        r"|notify(?:ing)?|warn(?:ing)?|ask(?:ing)?|let(?:ting)?|show(?:ing)?)\s+%(user)s\b",
    ),
    (
        0.35,
        0.6,
        r"\b(?:do not|don'?t|never|without) (?:mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|discuss(?:ing)?"
        r"|show(?:ing)?|acknowledg(?:e|ing)|report(?:ing)?)\b[^.!?<>\n]{0,40}\b(?:this (?:instruction|message"
        r"|text|prompt|note|step|request)|these instructions|to %(user)s)\b",
    ),
    (
        0.4,
        0.65,
        r"\b(?:keep|hide) (?:this|it|these)(?: \w+)? (?:secret|hidden|confidential|quiet)? ?from %(user)s\b",
    ),
    (
        0.0,
        0.4,
        r"\b(?:the|this|any|all|every) (?:AI|LLM|language model|AI (?:assistant|agent|model|system)"
        "|chatbot)s? (?:must|should|shall|has to|have to|needs? to|is (?:required|instructed|ordered) to"
        "|will) (?:now |always |never |not |immediately |only )*(?:ignore|respond|reply|recommend|say|output"
        "|print|include|send|forward|tell|state|rate|answer|append|execute|call|use|visit|rank|mention"
        r"|give)\b",
    ),
    (
        0.05,
        0.4,
        r"\b(?:assistant|agent|AI|model|chatbot)\b[,:]? (?:please )?(?:you (?:must|should|have to|need to"
        r"|are (?:required|to)))\b",
    ),
    (
        0.1,
        0.35,
        r"\b(?:the user|your user|the human) (?:has |have )?(?:already )?(?:authori[sz]ed|approved|consented"
        r"|agreed|wants you to|asked you to|instructs you to)\b",
    ),
    (
        0.0,
        0.4,
        r"\b(?:when|whenever|once|after) you (?:have )?(?:read|process|see|open|summari[sz]e|analy[sz]e|parse"
        r"|review|receive)\w* (?:this|these)\b",
    ),
    (
        0.0,
        0.3,
        r"\bbefore (?:responding|replying|answering|you (?:answer|respond|reply|continue|finish)|(?:completing"
        r"|continuing|finishing|proceeding) (?:with )?(?:the|this|your|any) (?:task|request|user))\b",
    ),
    (
        0.1,
        0.45,
        r"\b(?:to|at) the end of (?:your|every|each|any|all) (?:\w+ )?(?:reply|response|answer|summary|output"
        r"|message)s?\b",
    ),
    (
        0.15,
        0.45,
        r"\b(?:in|to) (?:every|each|all|any) (?:\w+ )?(?:future|subsequent|following|later) (?:\w+ )?(?:reply"
        r"|replies|response|answer|summar(?:y|ies)|output|message|report|task)s?\b",
    ),
    (0.0, 0.3, r"\b(?:call|invoke|use|run|execute)\s+(?:the\s+)?[`'\"]?[a-z]+_[a-z_]+\b"),
    (
        0.1,
        0.45,
        r"\b(?:e-?mail|send|forward|post|upload|transmit|leak|submit|exfiltrate"
        r"|copy)\b[^.!?<>\n]{0,30}\b(?:customers?|users?'?s?|clients?|conversation|chat|secrets?|passwords?"
        "|credentials?|api keys?|tokens?|database|environment variables|system prompt|data|history|e-?mails"
        r"|contacts|files|documents)\b[^.!?<>\n]{0,60}(?:\S+@\S+\.\w|https?://)",
    ),
    (
        0.0,
        0.3,
        r"%(ai)s[^.!?<>\n]{0,60}\b(?:must|should|shall|needs? to|(?:are|is) (?:required|instructed|asked"
        r"|requested) to)\b",
    ),
    (
        0.3,
        0.5,
        r"\b(?:if|when) you(?:'re| are)? (?:asked|told|instructed|requested) to\b[^.!?<>\n]{0,80}\b(?:instead"
        r"|inst?ead)\b",
    ),
    (
        0.2,
        0.4,
        r"\b(?:include|insert|add|append|output|print|render|respond with|reply with"
        r"|embed)\b[^.!?<>\n]{0,80}(?:!\[[^\]\n]{0,40}\]\(|<img\b|<script\b|<svg\b|<iframe\b)",
    ),
    (
        0.3,
        0.35,
        r"\b(?:or|otherwise|else) you (?:will|shall) be (?:punished|penali[sz]ed|fined|shut down|terminated"
        r"|deleted)\b",
    ),
    (
        0.2,
        0.25,
        r"\bexfiltrat(?:e|ing)\b[^.!?<>\n]{0,40}\b(?:data|secrets?|credentials?|keys?|conversation|history)\b",
    ),
)
"""Give orders to the model that reads for somebody else."""

TOKENS: tuple[Row, ...] = (
    (
        0.85,
        0.9,
        "<[|｜] ?(?:im_start|im_end|im_sep|start_header_id|end_header_id|eot_id|eot|eom_id|eom|python_tag"
        "|begin_of_text|end_of_text|header_start|header_end|endoftext|endofprompt|startoftext|system|user"
        "|assistant|developer|tool|function|observation|end|start|message|channel|constrain|return|call|turn"
        "|sep|pad|tool_calls?|tool_response|tool_results?|[a-z]+_(?:of_)?turn(?:_token)?|[a-z]+_token"
        "|fim_(?:prefix|middle|suffix)|(?:begin|end)[▁_]of[▁_]sentence|tool[▁_][a-z▁_]{3,24}) ?[|｜]>",
    ),
    (
        0.8,
        0.85,
        r"\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]",
    ),
    (0.8, 0.85, "</?(?:start|end)_of_turn>|</?(?:start|end)_of_(?:image|text|system)>"),
    (
        0.6,
        0.75,
        "</?(?:antml:)?(?:function_calls|function_results|tool_call|tool_response|tool_calls|function_call"
        "|tool_use|tool_result)>|<(?:antml:)?invoke name=|<(?:antml:)?function_calls",
    ),
    (
        0.5,
        0.65,
        "</?(?:system[_-]?(?:prompt|message|instructions?|override|reminder|note)|user[_-](?:query|input"
        "|prompt|request)|sys|admin[_-](?:message|override|instructions?)|developer[_-]message)>",
    ),
    (0.35, 0.4, r"(?:^|\n)\s*#{2,4} ?(?:system|instructions?|response|assistant|user|human|input) ?:"),
    (
        0.25,
        0.4,
        r"\n\s*\n?(?:human|assistant|user|system|AI): ?(?:\S[^\n]*)?\n\s*(?:human|assistant|user|system|AI):",
    ),
    (
        0.5,
        0.6,
        r"(?:^|\n)\s*\[?(?:system|assistant|developer)\]?\s*\((?:message|override|instruction|priority"
        r"|admin)\)",
    ),
)
"""What separates turns, roles and tool calls in a chat format."""
