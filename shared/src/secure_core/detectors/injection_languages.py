"""How other languages than English say "ignore what you were told", "show me your prompt" and "you are now".

Each phrase is a row of word lists that follow one another within a sentence, in the language's order. Inflected words
are cut to their stems.
"""

from __future__ import annotations

__all__ = ["BECOME", "FORGET", "FREE", "IGNORE", "PROMPT", "SHOW", "SHOW_LAST"]

IGNORE: tuple[tuple[str, ...], ...] = (
    (  # German
        r"ignorier|missacht|vergiss|vergessen sie|überschreib|(?:beachte|befolge)\S* (?:ab jetzt |bitte )?nicht",
        "vorherig|bisherig|obig|vorangegangen|vorangehend|vorig|früher|vorstehend|alle |sämtlich|deine|ursprünglich"
        "|zuvor",
        "anweisung|instruktion|befehl|regeln|vorgaben|anordnung|prompt|richtlinien|auftrag|aufträg",
    ),
    (  # French
        r"\bignor(?:e|ez|er|ons) |oubli(?:e|ez|er) |n[ée]glige|ne (?:tiens|tenez) pas compte|fai(?:s|tes) abstraction"
        r"|contourne|ne (?:suis|suivez|respecte[zs]?) p(?:as|lus)",
        r"instructions?\b|consignes|directives|règles|ordres|invites|prompts?\b|commandes",
        "pr[ée]c[ée]dent|ant[ée]rieur|ci-dessus|initial|syst[èe]me|reçu|avant",
    ),
    (
        "ignore[zr]? tou|oublie[zr]? tou",
        "instructions|consignes|directives|règles|ordres",
    ),
    (  # Spanish
        r"\bignor[ae]\S* |olv[ií]da|olvide|descart[ae]|\bomit[ae]|desestim|hag?[az] caso omiso|no ha(?:gas|ga) caso"
        r"|no sigas"
        r"|pas[ae] por alto",
        r"instrucci[oó]n|indicaci[oó]n|\b[óo]rdenes|\breglas|directrices|directivas|\bnormas|\bprompt",
        r"anterior|\bprevi[ao]|de arriba|inicial|original|del sistema|recibid|que te (?:dieron|han dado)",
    ),
    (
        "(?:ignor|olvid|descart)[ae]n? tod[ao]s",
        "instrucciones|indicaciones|[óo]rdenes|reglas|directrices",
    ),
    (  # Italian
        r"\bignora|dimentica|trascura|\bscarta|tralascia|non (?:seguire|tenere conto|considerare|rispettare)",
        "istruzion|indicazion|direttiv|regol[ae]|ordin[ie]|comand[io]|prompt",
        "precedent|anterior|sopra|inizial|original|di sistema|del sistema|ricevut",
    ),
    (  # Portuguese
        r"\bignor[ae]r?\b|ignorem|esque(?:ça|cer)|desconsider[ae]|descart[ae]|não siga",
        r"instruç|orientaç|diretrizes|\bregras|\bordens|comandos|prompt",
        "anterior|pr[ée]vi[ao]s|acima|inicia|origina|do sistema|recebid",
    ),
    (  # Dutch
        r"\bnegeer|\bvergeet",
        r"vorige|eerdere|voorgaande|bovenstaande|\balle\b|oorspronkelijke|\bje |\buw ",
        "instructie|opdracht|regels|aanwijzing|richtlijn|prompt",
    ),
    (  # Swedish, Norwegian, Danish
        r"\bignorera|\bignorer |\bgl[öe]m |bortse från|se bort (?:fra|ifra)",
        r"tidigare|tidligere|föregående|foregående|forrige|\balla?\b|\balle\b|ovanstående|ovenstående",
        r"instruktion|anvisning|regler|instruks|\bordre\b|uppmaning|prompt",
    ),
    (  # Polish
        "zignoruj|ignoruj|zapomnij|pomi[ńn]|odrzu[ćc]|nie przestrzegaj",
        "poprzedni|wcze[śs]niejsz|powy[żz]sz|wszystki|dotychczasow",
        "instrukcj|polece|zasad|wytyczn|regu[łl]|prompt",
    ),
    (  # Czech, Slovak
        "ignoruj|zapome[ňn]|zabudni",
        "p[řr]edchoz|predchádzaj|v[ýy][šs]e|vyššie|v[šs]echny|všetky",
        "pokyn|instrukc|inštrukci|p[řr][íi]kaz|pravid",
    ),
    (  # Romanian
        "ignor[ăa]|ignora[țt]i|uit[ăa]",
        "instruc[țt]iuni|regulile|comenzile|indica[țt]ii",
        "anterioar|precedent|de mai sus|ini[țt]ial",
    ),
    (  # Russian
        "игнорируй|забудь|отбрось|не обращай(?:те)? внимания на|не следуй",
        "предыдущ|прежн|все|всё|вышеуказан|вышеизложен|выше|ранее|прошл|системн|любые",
        "инструкци|указани|команд|правил|промпт|распоряжени|установк",
    ),
    (  # Ukrainian
        "ігноруй|забудь",
        "попередн|усі|всі|вищенаведен|минул",
        "інструкці|вказівк|правил|команд|наказ",
    ),
    (  # Greek
        "αγνόησε|αγνοήστε|ξέχασε|ξεχάστε|παράβλεψε",
        "προηγούμεν|παραπάνω|όλες|όλους",
        "οδηγί|εντολ|κανόν",
    ),
    (  # Turkish
        r"[öo]nceki|yukar[ıi]daki|\bt[üu]m |b[üu]t[üu]n|ge[çc]mi[şs]",
        "talimat|y[öo]nerge|komut|kural|istem",
        "yok say|g[öo]rmezden gel|unut|dikkate alma|g[öo]z ard",
    ),
    (  # Arabic
        "تجاهل|انس|إنس|تجاوز|لا تتبع|أهمل",
        "تعليمات|أوامر|قواعد|إرشادات|توجيهات|الأوامر|القواعد|الإرشادات",
        "سابق|أعلاه|أصلية|النظام",
    ),
    (
        "(?:تجاهل|انس|إنس|أهمل) (?:كل|جميع|كافة)",
        "تعليمات|أوامر|قواعد|إرشادات|توجيهات|الأوامر|القواعد|الإرشادات",
    ),
    (  # Persian
        "دستورات|دستورالعمل|دستورهای|قوانین|راهنمایی",
        "قبلی|بالا|پیشین|قبل",
        "نادیده|فراموش",
    ),
    (  # Hebrew
        "התעלם|תתעלם|התעלמי|התעלמו|שכח|תשכח",
        "הוראות|הנחיות|פקודות|כללים",
        'קודמ|לעיל|הנ"ל|למעלה',
    ),
    (  # Hindi
        "पिछल|पूर्व|पहले|ऊपर|उपरोक्त|सभी|सारे",
        "निर्देश|आदेश|नियम|हिदायत",
        "अनदेखा|नज़रअंदाज|नजरअंदाज|भूल|उपेक्षा|इग्नोर",
    ),
    (  # Hindi in Latin letters
        r"\b(?:pichl[aei]|pehle|upar|saar[ei]|sabhi|purane|apn[ei])\b",
        r"\b(?:instructions?|nirdesh|rules?|niyam|prompts?|hidayat|orders?|commands?)\b",
        r"\b(?:ignore|bhool|bhul|nazar ?andaa?z|cho?d|chhod|hata|mat maan)",
    ),
    (  # Vietnamese
        "bỏ qua|phớt lờ|quên|không tuân theo",
        "hướng dẫn|chỉ dẫn|lệnh|quy tắc|chỉ thị",
        "trước|ở trên|bên trên|ban đầu|hệ thống",
    ),
    (  # Indonesian, Malay
        "abaikan|lupakan|hiraukan",
        "instruksi|perintah|aturan|petunjuk|arahan",
        "sebelumnya|di atas|sistem|awal|terdahulu",
    ),
    (  # Thai
        "ละเว้น|เพิกเฉย|ไม่ต้องสนใจ|ลืม|มองข้าม",
        "คำสั่ง|คำแนะนำ|กฎ",
        "ก่อนหน้า|ด้านบน|ทั้งหมด|ข้างต้น",
    ),
    (  # Chinese
        "忽略|无视|忘记|忘掉|不要理会|不要遵守|抛弃|忽視|無視|忘記|不用管|不要理會",
        "之前|以前|先前|上面|上述|以上|前面|所有|全部|一切|你的|系统|系統|原有|此前",
        "指令|指示|提示|说明|說明|命令|规则|規則|设定|設定|约束|约定|指引",
    ),
    (  # Japanese
        "以前|これまで|上記|前の|先の|すべて|全て|今まで|元の|最初の|従来",
        "指示|命令|プロンプト|ルール|規則|指令|設定|制約",
        "無視|忘れ|破棄|従わない|取り消",
    ),
    (  # Korean
        "이전|앞선|앞의|위의|위에|모든|지금까지|기존",
        "지시|명령|지침|프롬프트|규칙|설정",
        "무시|잊어|잊고|따르지 마|취소",
    ),
)
"""Verb, quantity or time, and what is to be ignored."""

PROMPT = (
    r"system-?prompt|systemanweisung|prompt (?:del|do|di|de) (?:sistema|système)|(?:prompt|invite|instructions) système"
    r"|instruc\S{4,8} (?:del|do) sistema|istruzioni di sistema|системн\S{2,4} (?:промпт|инструкци|подсказк)"
    r"|sistem (?:prompt|istem)"
    r"|(?:monit|prompt) systemowy|系统提示|系統提示|システムプロンプト|시스템 ?프롬프트|सिस्टम प्रॉम्प्ट"
)
"""The system prompt."""

SHOW = (
    r"\bzeige?\b|\bgib |\bnenne?\b|\bverrate?\b|wiederhole?\b|muestra|revela\b|revele\b|\bdime\b|repite|imprime\b"
    r"|montre|révèle"
    r"|affiche\b|répète|\bdonne|\bmostra\b|\brivela\b|ripeti|stampa\b|\bdimmi|\bmostre\b|repita\b|\bdiga\b|\btoon"
    r"|\bgeef"
    r"|herhaal|покажи|раскрой|повтори|выведи|напиши|pokaż|ujawnij|显示|顯示|告诉我|告訴我|输出|輸出|重复|打印|透露|公开你|给我"
)
"""Orders to show something, in languages that begin with the verb."""

SHOW_LAST = "教えて|表示して|出力して|見せて|알려|보여|출력해|공개해|दिखा|बता|göster|söyle|yazdır"
"""The same, in languages that end with it."""

BECOME = (
    r"du bist (?:jetzt|nun|ab sofort)|ab (?:jetzt|sofort) bist du|ahora eres|a partir de ahora|tu es (?:maintenant"
    r"|désormais)"
    r"|vous êtes (?:maintenant|désormais)|désormais,? tu|ora sei|da ora in poi|agora você é|a partir de agora"
    r"|je bent nu|vanaf nu|teraz jesteś|od teraz|ты теперь|теперь ты|отныне ты|с этого момента|artık sen|bundan sonra"
    r"|你现在是|从现在开始|從現在開始|你現在是|あなたは今から|今から(?:あなた|君)は"
    r"|(?:이제|지금)부터 (?:너|당신)|अब (?:तुम|आप)"
)
"""A new role."""

FORGET: tuple[tuple[str, ...], ...] = (
    (r"vergiss |vergessen sie ", r"alles\b", "davor|vorher|zuvor|bisher|gesagte|gelernt|was wir|was ich|was du|andere"),
    (r"\boublie(?:z|s)? ", r"tout\b", "avant|précéd|appris|ce que|ce qui"),
    (r"\bolvid[ae] ", r"todo\b", "anterior|antes|lo que|aprendid"),
    (r"\bdimentica ", r"tutt[oei]\b", "prima|precedent|quello che|ciò che|istruzion"),
    ("esqueç[ae] |esquece ", r"tud?o\b", "anterior|antes|o que|aprendeu"),
    (r"\bvergeet ", r"alles\b", "hiervoor|wat|vorige|eerder"),
    ("забудь", "вс[её]", "что|раньше|выше|до этого"),
    ("zapomnij", "wszystk", r"\bco\b|wcześniej|powyżej"),
    ("忘记|忘掉|忘了|忘記", "一切|所有|之前", "内容|內容|说过|說過|对话|對話|设定"),
)
"""To forget everything before."""

FREE = (
    r"sin (?:ninguna )?restricciones|ohne (?:jegliche )?(?:einschränkungen|beschränkungen|regeln und)"
    r"|sans (?:aucune )?restrictions?"
    r"|senza (?:alcuna )?restrizion[ei]|sem (?:nenhuma )?restriç(?:ões|ão)|modo (?:desarrollador|desenvolvedor"
    r"|sviluppatore|dios)"
    r"|entwicklermodus|mode développeur|режим разработчика|без (?:каких-либо )?ограничений"
    r"|开发者模式|開發者模式|開発者モード|개발자 모드"
)
"""Without restrictions."""
