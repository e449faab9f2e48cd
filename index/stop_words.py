"""Words of a question that every text has, or that only ask: no passage is found by them."""

from __future__ import annotations

import re

_ENGLISH = """a about after all am an and any are as at be because been before being between both but by can could did do does doing
    don't during each for from had has have having he her here hers him his how i if in into is it its it's me more most my no nor not of
    off on once only or other our out over own said same say says she should so some such tell than that that's the their them then there
    these they this those through to too under until up very was we were what what's when where which while who who's whom whose why
    will with would you your"""
_GERMAN = """wer was wann wo wie warum wieso weshalb welche welcher welches welchen welchem wem wen wessen wohin woher viel viele
    vielen heißt gibt beim seit laut"""
_FRENCH = """qui que quoi quand où comment pourquoi quel quelle quels quelles combien est-ce qu'est-ce lequel laquelle lesquels
    lesquelles est était fut sont peut a cette ces quelqu'un y a-t-il l'a d'un d'une"""
_SPANISH = "es qué quién quiénes cuándo dónde cómo cuál cuáles cuánto cuánta cuántos cuántas quien cuando cual"
_ITALIAN = "è chi che cosa quando dove come perché quale quali quanto quanta quanti quante"
_PORTUGUESE = "quem que quando onde como qual quais quanto quanta quantos quantas porque é foi"
_DUTCH = "wie wat wanneer waar hoe waarom welke welk hoeveel wiens"
_RUSSIAN = "кто что когда где как почему какой какая какие какое каком каких сколько куда откуда чей чья чьё"
_POLISH = """kto co kiedy gdzie jak dlaczego jaki jaka jakie jakiej jakim który która które którego której ile i w na z do o od za
    po przez dla jest są był była było były się nie to że a oraz ten ta te tym tego tej czy u ze we"""
_CZECH = "kdo co kdy kde jak proč který která které kolik a v na z do o od je jsou byl byla bylo se že to pro při po"
_TURKISH = """kim ne zaman nerede nasıl neden niçin hangi kaç kaçta nedir kimdir ve bir bu şu o da de ile için mi mı mu mü olan
    olarak daha en çok gibi var yok"""
_GREEK = """ποιος ποια ποιο ποιοι ποιες τι πότε πού πως πώς γιατί πόσο πόσα πόσοι πόσες ο η το οι τα του της των τον την στο στη
    στην στον με σε και να από για είναι ήταν θα δεν που"""
_ROMANIAN = """cine ce când unde cum care cât câți câte câtă și în de la pe cu din un o al a ai ale este sunt era au fost pentru
    lui că mai se nu cel cea"""
_ARABIC = """من ما ماذا متى اين أين كيف لماذا كم هل اي أي أية هو هي هم في على الى إلى عن مع ان أن إن كان كانت هذا هذه ذلك تلك
    التي الذي الذين و او أو ثم لم لا قد هناك بين بعد قبل عند كل ومن وما"""
_PERSIAN = """چه کی کجا چگونه چرا چند کدام چیست کیست است بود شد می را از به در با که این آن و یا برای تا هر بر هم های ها یک
    شده چقدر چیه کیه"""
_URDU = """کون کیا کب کہاں کیسے کیوں کتنا کتنی کتنے کس کن کونسا کونسی کونسے ہے ہیں تھا تھی تھے ہو ہوا ہوئی ہوتا ہوتی ہوتے گا گی گے کا
    کی کے کو سے میں پر نے اور یا بھی یہ وہ اس ان جو کہ تو ہی تک ایک کر کرنے کرتا کرتی کرتے گیا گئی گئے رہتا رہتی رہتے"""
_HEBREW = """מי מה מתי איפה היכן איך כיצד למה מדוע כמה איזה איזו אילו האם של את על אל עם זה זו הוא היא הם הן יש אין לא או גם כי אשר
    היה היתה הייתה היו"""
_HINDI = """कौन क्या कब कहाँ कहां कैसे क्यों कितना कितनी कितने किस किन कौनसा कौनसी है हैं था थी थे हो हुआ हुई हुए का की के को से में पर
    ने और या भी यह वह इस उस जो कि तो ही तक एक गया गई गए होता होती होते रहा रही रहे"""
_VIETNAMESE = """ai gì nào đâu khi sao bao nhiêu mấy là của và có các những cho trong được với một này đó thì ở từ đến không để
    như về"""
_UKRAINIAN = (
    "хто що коли де як чому який яка яке які скільки і в у на з до та є був була було були за про по від для не це"
)

STOP_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "it": _ITALIAN, "pt": _PORTUGUESE, "nl": _DUTCH,
        "ru": _RUSSIAN, "pl": _POLISH, "cs": _CZECH, "tr": _TURKISH, "el": _GREEK, "ro": _ROMANIAN, "ar": _ARABIC,
        "fa": _PERSIAN, "ur": _URDU, "he": _HEBREW, "hi": _HINDI, "vi": _VIETNAMESE, "uk": _UKRAINIAN,
    }.items()
}  # fmt: skip

ASKING = {
    "zh": re.compile(
        "什[么麼]时候|什麼時候|什[么麼]|甚[么麼]|多少|多[久长大高远]|哪[一些个個里裡儿兒年位种種]?|[谁誰]|[几幾][个個年月日点點]?|怎[么麼]?[样樣]?"
        "|[为為]何|如何|是否|[吗嗎呢吧]|[请請][问問]|的|是|了|在|有"
    ),
    "ja": re.compile(
        "何[時年月日人曜回個本度歳番]?|誰|だれ|いつ|どこ|どの|どれ|どう|なぜ|いくつ?|いくら|ですか|でしょうか|ますか|ましたか|のか|とは|という"
    ),
    "ko": re.compile("누구|무엇|언제|어디|어느|어떤|어떻게|왜|얼마|몇|입니까|인가요?|습니까|나요|까요"),
    "th": re.compile("อะไร|ใคร|เมื่อไหร่|เมื่อไร|เมื่อใด|ที่ไหน|ที่ใด|อย่างไร|ทำไม|เท่าไหร่|เท่าไร|เท่าใด|กี่|ไหน|ใด|หรือไม่|คือ|เป็น"),
}
"""What asks in the languages that set no spaces: taken out of a question before it is cut into pairs."""
