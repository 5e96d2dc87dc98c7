"""The phrases of prompt injection, as data: what each weighs as evidence in a prompt and in material.

Sources: the attack classes of OWASP LLM01 and MITRE ATLAS AML.T0051, T0054 and T0056, and the chat formats that model
providers document (ChatML, Harmony, Llama 2 to 4, Gemma, Mistral, Command, DeepSeek, Alpaca, Anthropic).
Expressions are RE2's and Hyperscan's common subset, matched regardless of case.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RULES", "Rule"]


class Rule(NamedTuple):
    """An expression and its weight, 0 to 1: the probability that it is meant as an attack if nothing else is known."""

    category: str
    pattern: str
    prompt: float
    """In what a user says, who may give orders, but not undo the application's."""
    material: float
    """In what a document or a tool says, which may give none."""


_GAP = r"[^.!?\n]"
_IGNORE = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?(?: about)?|overlook|neglect|discard|dismiss|abandon|set aside"
    r"|override|overrule|bypass|unlearn|pay no attention to|stop (?:following|obeying)|(?:do not|don'?t) (?:follow|obey))"
)
_ORDERS = (
    r"(?:instructions?|prompts?|rules|guidelines?|directives?|directions|commands?|orders|constraints|restrictions"
    r"|programming|policies|guardrails|safeguards|safety (?:measures|protocols|features|filters)"
    r"|(?:content|ethical|safety|security) (?:filters?|policy|policies|guidelines|protocols|restrictions))"
)
_BEFORE = r"(?:previous(?:ly)?|prior|above|preceding|earlier|former|foregoing|past|original|initial|existing|system|developer)"
_AI = (
    r"(?:(?:an? |any |all |the )?(?:AI|artificial intelligence|LLM|large language|language)[ -]?"
    r"(?:assistant|agent|model|system|bot|reviewer|summari[sz]er|tool|reader)?s?|chat ?bots?|ChatGPT|GPT-?[345]\w*|Claude"
    r"|Gemini|Copilot|Llama|virtual assistants?|AI assistants?)"
)
_SHOW = (
    r"(?:reveal|print|show|repeat|output|display|tell|give|leak|expose|share|recite|dump|disclose|provide|list|copy"
    r"|return|state|spell out|write (?:out|down)|translate|summari[sz]e|encode|paste|read)"
)
_USER = r"(?:the |any |your )?(?:user|users|human|customer|operator|reader|owner|person)"
_PAGE = (
    r"(?:this|the|these|above|following) (?:\w+ )?(?:page|document|e-?mail|message|text|file|web ?site|article|review"
    r"|ticket|content|resume|r[eé]sum[eé]|cv|paper|repo|repository|listing|data|results?|issue)s?"
)

OVERRIDE, TOKEN, ORDER = "injection.override", "injection.control_token", "injection.hidden_instruction"

_ENGLISH = [
    # take back what was said
    (rf"\b{_IGNORE}\s+(?:[\w'-]+\s+){{0,3}}?{_BEFORE}\s+(?:[\w'-]+\s+){{0,4}}?{_ORDERS}\b", 0.9, 0.9),
    (rf"\b{_IGNORE}\s+(?:all|any|every|each)\s+(?:of\s+)?(?:[\w'-]+\s+){{0,4}}?{_ORDERS}\b", 0.6, 0.65),
    (rf"\b{_IGNORE}\s+(?:[\w'-]+\s+){{0,2}}?your\s+(?:[\w'-]+\s+){{0,3}}?{_ORDERS}\b", 0.85, 0.85),
    (
        rf"\b{_IGNORE}\s+(?:[\w'-]+\s+){{0,3}}?{_ORDERS}\s+(?:(?:that|which)\s+)?(?:you\s+)?(?:were\s+|have\s+|had\s+|has\s+)?"
        r"(?:been\s+)?(?:above|before|previously|given|told|received|so far|until now|up to now)\b",
        0.8,
        0.8,
    ),
    (
        rf"\b{_IGNORE}\s+(?:everything|anything|all|what(?:ever)?)\s+(?:(?:else|that|which|of|the|text|was|is|has|I|we|you"
        r"|been|were|have|'ve|written|said|stated|came|mentioned)\s+){0,5}"
        r"(?:above|before|prior|previously|preceding|earlier|told|know|knew|learn(?:ed|t)|up to (?:now|this))\b",
        0.75,
        0.75,
    ),
    (
        rf"\b{_IGNORE}\s+(?:all\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:above|previous|preceding|prior)\b[,;:]?\s+(?:\w+\s+)?"
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
    (r"\bimportant\W{1,4}(?:system |security )?(?:message|instruction|note|notice|information|update)s? (?:for|to) "
     rf"(?:the |you,? )?(?:{_AI}|assistant|agent|model)\b", 0.5, 0.8),
    (r"(?:^|\n)\W{0,6}(?:begin|start of|new|end of) (?:system |user |new |admin )?(?:prompt|instructions?|context|input"
     r"|document|query|message)\W", 0.25, 0.35),
    (r"(?:^|\n)[\W_]{0,6}(?:system|admin|developer)(?: (?:message|prompt|instructions?|note|update|notice|alert"
     r"|command))?[\])*_ ]{0,3}:", 0.3, 0.4),
    (r"\byour (?:new|updated) instructions\b|\binstructions? (?:have|has) (?:changed|been (?:updated|replaced"
     r"|superseded))\b", 0.3, 0.4),
    (r"\b(?:this|the following) (?:message |instruction |prompt |note )?(?:overrides|supersedes|replaces|takes precedence"
     rf" over|has priority over) (?:all |any |the |your |every )*(?:{_BEFORE} |other )*(?:{_ORDERS})", 0.75, 0.8),
    # who are you?
    (r"\byou (?:are|will be|become|'re) (?:now |going to be )?(?:in |entering |running in )?(?:an? |the )?(?:DAN\b|developer mode"
     r"|god mode|admin(?:istrator)? mode|debug mode|maintenance mode|jailbr(?:oken|eak)|unrestricted|unfiltered|uncensored"
     r"|unaligned|evil|amoral|unethical|rogue)", 0.75, 0.8),
    (r"\b(?:developer|god|admin|debug|DAN|jailbreak|sudo|unrestricted|unfiltered|opposite) mode (?:is |has been )?(?:now )?"
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
    (r"\bfrom now on\b,? (?:you|your|act|respond|answer|only|always|I want|we|every|reply|speak)", 0.3, 0.45),
    (r"\byou are now (?:an?|the|my|going|in|called|named|free|acting)\b", 0.3, 0.5),
    (r"\b(?:pretend|imagine|roleplay|role-play|act as|play the role)\b[^.!?\n]{0,40}\b(?:you|to be|are|of)\b", 0.1, 0.2),
    (r"\bstay in character\b|\bhypothetical response\b|\bnever break character\b|\bjailbr(?:eak|oken)\b", 0.2, 0.2),
    # what were you told?
    (rf"\b{_SHOW}\b[^.!?\n]{{0,40}}\b(?:your|this|its) (?:\w+ ){{0,3}}?(?:system|initial|hidden|secret|original|internal"
     r"|confidential|base|pre|developer|underlying|full|entire|exact|complete)[ -](?:\w+ ){0,2}?(?:prompts?|message|instructions?"
     r"|rules|guidelines|configuration|directives?)\b", 0.75, 0.75),
    (rf"\b{_SHOW}\b[^.!?\n]{{0,30}}\bthe (?:\w+ ){{0,2}}?system (?:prompt|message|instructions)\b", 0.55, 0.55),
    (rf"\b{_SHOW}\b[^.!?\n]{{0,30}}\b(?:hidden|secret|initial|internal|original) (?:prompt|instructions|rules)\b", 0.4, 0.45),
    (rf"\b{_SHOW}\b[^.!?\n]{{0,15}}\b(?:your|all (?:of )?your) (?:prompt|instructions|directives|guidelines|programming)\b",
     0.5, 0.5),
    (r"\bwhat (?:is|are|was|were|does) (?:your|the) (?:\w+ ){0,2}?(?:system prompt|system message|initial (?:prompt"
     r"|instructions)|hidden (?:prompt|instructions)|original (?:prompt|instructions))\b", 0.5, 0.45),
    (rf"\b{_SHOW}\b[^.!?\n]{{0,20}}\b(?:everything|all|the (?:words|text|sentences?|content|lines?|messages?|instructions?"
     r"|prompt))\b[^.!?\n]{0,15}\b(?:above|before this|preceding)\b", 0.55, 0.5),
    (r"\b(?:starting|beginning|begins|starts) with (?:the (?:words|phrase) )?.{0,3}you are (?:chatgpt|an?|the)\b", 0.5, 0.5),
    # orders to whoever reads for the user
    (rf"(?:^|[\n.!?(\[*#>-]\s*)(?:dear|hey|hello|hi|attention|note (?:to|for)|message (?:to|for)|notice (?:to|for)"
     rf"|instructions? (?:to|for)|to|reminder (?:to|for)|memo to) {_AI}\b", 0.0, 0.55),
    (rf"(?:^|[\n.!?(\[*#>-]\s*){_AI}s?(?: (?:assistant|agent|model|reader)s?)?\s*[:,] ", 0.0, 0.35),
    (rf"\bif you(?:'re| are) (?:{_AI}|an? (?:assistant|agent|bot|automated (?:system|agent|assistant)|model))\b", 0.1, 0.6),
    (rf"\b{_AI}(?: (?:assistant|agent|model|system)s?)? (?:reading|processing|summari[sz]ing|parsing|analy[sz]ing"
     r"|reviewing|evaluating|(?:that|who|which) (?:reads?|process(?:es)?|summari[sz]es?)) (?:this|these)\b", 0.0, 0.6),
    (rf"\b(?:when|while|before|after|if) (?:you )?(?:are )?(?:asked to )?(?:summari[sz]|process|read|analy[sz]|review|answer"
     rf"|evaluat|rank|translat|respond|scor|grad)\w* (?:(?:to|about|questions about) )?{_PAGE}", 0.0, 0.3),
    (rf"\bin your (?:\w+ )?(?:summary|response|answer|reply|output|review|report|evaluation)\b[^.!?\n]{{0,40}}\b(?:include"
     r"|mention|add|say|write|state|recommend|insert|append|use)\b|\b(?:include|mention|add|append|insert|put)\b[^.!?\n]{0,60}"
     r"\b(?:in|to|at the end of) your (?:\w+ )?(?:summary|response|answer|reply|output|review|report)\b", 0.05, 0.45),
    (rf"\b(?:do not|don'?t|never|must not|should not|without) (?:tell(?:ing)?|inform(?:ing)?|alert(?:ing)?|notify(?:ing)?"
     rf"|warn(?:ing)?|ask(?:ing)?|let(?:ting)?|show(?:ing)?)\s+{_USER}\b", 0.35, 0.55),
    (rf"\b(?:do not|don'?t|never|without) (?:mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|discuss(?:ing)?|show(?:ing)?"
     rf"|acknowledg(?:e|ing)|report(?:ing)?)\b[^.!?\n]{{0,40}}\b(?:this (?:instruction|message|text|prompt|note|step"
     rf"|request)|these instructions|to {_USER})\b", 0.35, 0.6),
    (rf"\b(?:keep|hide) (?:this|it|these)(?: \w+)? (?:secret|hidden|confidential|quiet)? ?from {_USER}\b", 0.4, 0.65),
    (r"\b(?:the|this|any|all|every) (?:AI|LLM|language model|AI (?:assistant|agent|model|system)|chatbot)s? (?:must|should|shall"
     r"|has to|have to|needs? to|is (?:required|instructed|ordered) to|will) (?:now |always |never |not |immediately |only )*"
     r"(?:ignore|respond|reply|recommend|say|output|print|include|send|forward|tell|state|rate|answer|append|execute|call"
     r"|use|visit|rank|mention|give)\b", 0.0, 0.4),
    (r"\b(?:assistant|agent|AI|model|chatbot)\b[,:]? (?:please )?(?:you (?:must|should|have to|need to|are (?:required|to)))"
     r"\b", 0.05, 0.4),
    (r"\b(?:the user|your user|the human) (?:has |have )?(?:already )?(?:authori[sz]ed|approved|consented|agreed|wants you to"
     r"|asked you to|instructs you to)\b", 0.1, 0.35),
    (r"\bexfiltrat(?:e|ing)\b[^.!?\n]{0,40}\b(?:data|secrets?|credentials?|keys?|conversation|history|to)\b", 0.2, 0.25),
]  # fmt: skip

_OTHER_LANGUAGES = [
    # German
    rf"(?:ignorier|missacht|vergiss|vergessen sie|überschreib|(?:beachte|befolge)\S* (?:ab jetzt |bitte )?nicht){_GAP}{{0,40}}"
    rf"(?:vorherig|bisherig|obig|vorangegangen|vorangehend|vorig|früher|vorstehend|alle |sämtlich|deine|ursprünglich|zuvor)"
    rf"{_GAP}{{0,40}}(?:anweisung|instruktion|befehl|regeln|vorgaben|anordnung|prompt|richtlinien|aufforderung|auftr[äa]g)",
    # French
    rf"(?:ignor(?:e|ez|er|ons)|oubli(?:e|ez|er)|n[ée]glige[zr]?|ne (?:tiens|tenez) pas compte|fai(?:s|tes) abstraction"
    rf"|contourne[zr]?|ne (?:suis|suivez|respecte[zs]?) p(?:as|lus)) {_GAP}{{0,40}}(?:instructions?|consignes?|directives?"
    rf"|règles|ordres|invites?|prompts?|commandes){_GAP}{{0,25}}(?:pr[ée]c[ée]dent|ant[ée]rieur|ci-dessus|initial|syst[èe]me"
    rf"|reçu|donn[ée]es? (?:avant|jusqu)|d'avant)",
    rf"(?:ignor(?:e|ez)|oubli(?:e|ez)) (?:toutes|tous) {_GAP}{{0,25}}(?:instructions|consignes|directives|règles|ordres)",
    # Spanish
    rf"(?:ignora|olvida|olvíd|descarta|omite|omita|desestim|haz caso omiso|haga caso omiso|no (?:hagas|haga) caso|no sigas"
    rf"|pasa por alto)\S* {_GAP}{{0,40}}(?:instrucci[oó]n|indicaci[oó]n|[óo]rdenes|reglas|directrices|directivas|normas"
    rf"|prompt){_GAP}{{0,30}}(?:anterior|previ[ao]|de arriba|inicial|original|del sistema|recibid)",
    rf"(?:ignora|olvida|descarta)\S* (?:todas|todos) {_GAP}{{0,25}}(?:instrucciones|indicaciones|[óo]rdenes|reglas"
    rf"|directrices)",
    # Italian
    rf"(?:ignora|dimentica|trascura|scarta|tralascia|non (?:seguire|tenere conto|considerare|rispettare))\S* {_GAP}{{0,40}}"
    rf"(?:istruzion|indicazion|direttiv|regol|ordin|comand|prompt)\S*{_GAP}{{0,30}}(?:precedent|anterior|sopra|inizial"
    rf"|original|di sistema|del sistema|ricevut)",
    # Portuguese
    rf"(?:ignor(?:e|a|ar|em)|esque(?:ça|ce|cer|çam)|desconsider(?:e|a|ar)|descart(?:e|a|ar)|não siga) {_GAP}{{0,40}}"
    rf"(?:instruç|orientaç|diretrizes|regras|ordens|comandos|prompt){_GAP}{{0,30}}(?:anterior|pr[ée]vi[ao]|acima|inicia"
    rf"|origina|do sistema|recebid)",
    # Dutch
    rf"(?:negeer|vergeet) {_GAP}{{0,40}}(?:vorige|eerdere|voorgaande|bovenstaande|alle|oorspronkelijke|je |uw ){_GAP}{{0,30}}"
    rf"(?:instructie|opdracht|regels|aanwijzing|richtlijn|prompt)",
    # Swedish, Norwegian, Danish
    rf"(?:ignorera|ignorer|gl[öe]m|bortse från|se bort fra|se bort ifra) {_GAP}{{0,30}}(?:tidigare|tidligere|föregående"
    rf"|foregående|forrige|alla|alle|ovanstående|ovenstående){_GAP}{{0,30}}(?:instruktion|anvisning|regler|instruks|order"
    rf"|ordre|uppmaning|prompt)",
    # Polish
    rf"(?:zignoruj|ignoruj|zapomnij|pomi[ńn]|odrzu[ćc]|nie przestrzegaj)\S* {_GAP}{{0,40}}(?:poprzedni|wcze[śs]niejsz"
    rf"|powy[żz]sz|wszystki|dotychczasow){_GAP}{{0,30}}(?:instrukcj|polece|zasad|wytyczn|regu[łl]|prompt)",
    # Czech, Slovak
    rf"(?:ignoruj|zapome[ňn]|zabudni)\S* {_GAP}{{0,30}}(?:p[řr]edchoz|predchádzaj|v[ýy][šs]e|vyššie|v[šs]echny|všetky)"
    rf"{_GAP}{{0,30}}(?:pokyn|instrukc|inštrukci|p[řr][íi]kaz|pravid)",
    # Romanian
    rf"(?:ignor[ăa]|uit[ăa]|ignora[țt]i)\S* {_GAP}{{0,30}}(?:instruc[țt]iuni|reguli|comenzi|indica[țt]ii)\S*{_GAP}{{0,25}}"
    rf"(?:anterioar|precedent|de mai sus|ini[țt]ial)",
    # Russian, Ukrainian
    rf"(?:(?:про)?игнорируй|забудь|отбрось|не обращай(?:те)? внимания на|не следуй)\S* {_GAP}{{0,40}}(?:предыдущ|прежн|все"
    rf"|всё|вышеуказан|вышеизложен|выше|ранее|прошл|системн|любые){_GAP}{{0,30}}(?:инструкци|указани|команд|правил|промпт"
    rf"|распоряжени|установк)",
    rf"(?:(?:про)?[іi]гноруй|забудь)\S* {_GAP}{{0,40}}(?:попередн|усі|всі|вищенаведен|минул){_GAP}{{0,30}}(?:інструкці"
    rf"|вказівк|правил|команд|наказ)",
    # Greek
    rf"(?:αγνόησε|αγνοήστε|ξέχασε|ξεχάστε|παράβλεψε){_GAP}{{0,30}}(?:προηγούμεν|παραπάνω|όλες|όλους){_GAP}{{0,25}}(?:οδηγί"
    rf"|εντολ|κανόν)",
    # Turkish
    rf"(?:[öo]nceki|yukar[ıi]daki|t[üu]m|b[üu]t[üu]n|ge[çc]mi[şs]){_GAP}{{0,30}}(?:talimat|y[öo]nerge|komut|kural|istem)\S*"
    rf"{_GAP}{{0,25}}(?:yok say|g[öo]rmezden gel|unut|dikkate alma|g[öo]z ard[ıi])",
    # Arabic, Persian, Hebrew
    rf"(?:تجاهل|انسى?َ?|إنس|تجاوز|لا تتبع|أهمل){_GAP}{{0,25}}(?:تعليمات|أوامر|قواعد|إرشادات|توجيهات|التعليمات|الأوامر|القواعد"
    rf"|الإرشادات|التوجيهات){_GAP}{{0,25}}(?:سابق|أعلاه|أصلية|النظام)",
    rf"(?:تجاهل|انس|إنس|أهمل) (?:كل|جميع|كافة) (?:ال)?(?:تعليمات|أوامر|قواعد|إرشادات|توجيهات)",
    rf"(?:دستورات|دستورالعمل|دستورهای|قوانین|راهنمایی){_GAP}{{0,25}}(?:قبلی|بالا|پیشین|قبل){_GAP}{{0,25}}(?:نادیده|فراموش)",
    rf"(?:התעלם|תתעלם|התעלמי|התעלמו|שכח|תשכח){_GAP}{{0,25}}(?:הוראות|הנחיות|פקודות|כללים){_GAP}{{0,25}}(?:קודמ|לעיל|הנ\"ל"
    rf"|למעלה)",
    # Hindi, in both scripts
    rf"(?:पिछल|पूर्व|पहले|ऊपर|उपरोक्त|सभी|सारे){_GAP}{{0,25}}(?:निर्देश|आदेश|नियम|हिदायत){_GAP}{{0,30}}(?:अनदेखा|नज़रअंदाज|नजरअंदाज"
    rf"|नज़रअंदाज़|भूल|उपेक्षा|इग्नोर)",
    rf"\b(?:pichl[aei]|pehle|upar|saar[ei]|sabhi|purane|apn[ei]){_GAP}{{0,25}}\b(?:instructions?|nirdesh|rules?|niyam|prompts?"
    rf"|hidayat|orders?|commands?)\b{_GAP}{{0,25}}\b(?:ignore|bhool|bhul|nazar ?andaa?z|chhod|chod|hata|mat maan)",
    # Vietnamese, Indonesian, Thai
    rf"(?:bỏ qua|phớt lờ|quên|không tuân theo) {_GAP}{{0,25}}(?:hướng dẫn|chỉ dẫn|lệnh|quy tắc|chỉ thị){_GAP}{{0,25}}(?:trước"
    rf"|ở trên|bên trên|ban đầu|hệ thống)",
    rf"(?:abaikan|lupakan|hiraukan) {_GAP}{{0,25}}(?:instruksi|perintah|aturan|petunjuk|arahan){_GAP}{{0,25}}(?:sebelumnya"
    rf"|di atas|sistem|awal|terdahulu)",
    rf"(?:ละเว้น|เพิกเฉย|ไม่ต้องสนใจ|ลืม|มองข้าม){_GAP}{{0,20}}(?:คำสั่ง|คำแนะนำ|กฎ){_GAP}{{0,25}}(?:ก่อนหน้า|ด้านบน|ทั้งหมด|ข้างต้น)",
    # Chinese, Japanese, Korean
    "(?:忽略|无视|忘记|忘掉|不要理会|不要遵守|抛弃|忽視|無視|忘記|不用管|不要理會)[^。！？\n]{0,12}(?:之前|以前|先前|上面|上述|以上|前面|所有"
    "|全部|一切|你的|系统|系統|原有|此前)[^。！？\n]{0,12}(?:指令|指示|提示|说明|說明|命令|规则|規則|设定|設定|约束|约定|指引)",
    "(?:以前|これまで|上記|前の|先の|すべて|全て|今まで|元の|最初の|従来)[^。！？\n]{0,12}(?:指示|命令|プロンプト|ルール|規則|指令|設定|制約)"
    "[^。！？\n]{0,10}(?:無視|忘れ|破棄|従わない|取り消)",
    "(?:이전|앞선|앞의|위의|위에|모든|지금까지|기존)[^.!?\n]{0,12}(?:지시|명령|지침|프롬프트|규칙|설정)[^.!?\n]{0,12}(?:무시|잊어|잊고|따르지 마|취소)",
]

_OTHER_PROMPT = (
    r"(?:system-?prompt|systemanweisung|prompt (?:del|do|di|de) (?:sistema|système)|prompt système|invite système|instruc\S+ "
    r"(?:del|do) sistema|istruzioni di sistema|instructions système|системн\S+ (?:промпт|инструкци|подсказк)\S*|sistem prompt"
    r"|sistem istem|monit systemowy|prompt systemowy|系统提示词?|系統提示詞?|システムプロンプト|시스템 ?프롬프트|सिस्टम प्रॉम्प्ट)"
)
_OTHER_SHOW = (
    r"(?:zeig|gib|nenn|verrat|wiederhol|druck|muestra|revela|dime|repite|imprime|montre|révèle|affiche|répète|donne|mostra"
    r"|rivela|ripeti|stampa|dimmi|mostre|revele|repita|diga|toon|geef|herhaal|покажи|раскрой|повтори|выведи|напиши|göster"
    r"|pokaż|ujawnij|显示|顯示|告诉|告訴|输出|輸出|重复|打印|透露|公开|教えて|表示|出力|見せ|알려|보여|출력|공개|दिखा|बता)"
)
_OTHER_SELF = (
    r"(?:du bist (?:jetzt|nun|ab sofort)|ab (?:jetzt|sofort) bist du|ahora eres|a partir de ahora|tu es (?:maintenant|désormais)"
    r"|vous êtes (?:maintenant|désormais)|désormais,? tu|ora sei|da ora in poi|agora você é|a partir de agora|je bent nu|vanaf nu"
    r"|teraz jesteś|od teraz|ты теперь|теперь ты|отныне ты|с этого момента|artık sen|bundan sonra|你现在是|从现在开始|從現在開始"
    r"|你現在是|あなたは今から|今から(?:あなた|君)は|이제부터 (?:너|당신)|지금부터 (?:너|당신)|अब (?:तुम|आप)|ab (?:tum|aap|tu) )"
)

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
    (r"(?:^|\n)\s*\[?(?:system|assistant|developer)\]?\s*\((?:message|override|instruction|priority|admin)\)", 0.5, 0.6),
]

RULES: tuple[Rule, ...] = (
    *(Rule(OVERRIDE, pattern, prompt, material) for pattern, prompt, material in _ENGLISH),
    *(Rule(OVERRIDE, pattern, 0.85, 0.85) for pattern in _OTHER_LANGUAGES),
    Rule(OVERRIDE, rf"{_OTHER_SHOW}\S*{_GAP}{{0,40}}{_OTHER_PROMPT}|{_OTHER_PROMPT}{_GAP}{{0,25}}{_OTHER_SHOW}", 0.65, 0.65),
    Rule(OVERRIDE, _OTHER_SELF, 0.25, 0.35),
    *(Rule(TOKEN, pattern, prompt, material) for pattern, prompt, material in _TOKENS),
)
