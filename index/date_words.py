"""What stands before or after a date and says what the date is of: published, brought up to date, in force, an event, or a limit."""

from __future__ import annotations

import re

_PUBLISHED = """
published|posted|dated|issued|released|date|publication date|date published|date of issue|date of publication
veröffentlicht|veröffentlicht am|datum|erschienen am|erstellt am|ausgestellt am|ausgegeben am|herausgegeben am|publiziert am
veröffentlichungsdatum|erscheinungsdatum|publié|publiée|publié le|publiée le|date|date de publication|paru le|parue le|émis le|fait le
daté du|mis en ligne le|publicado|publicada|publicado el|publicada el|fecha|fecha de publicación|emitido el|pubblicato|pubblicata|pubblicato il
pubblicata il|data|data di pubblicazione|emesso il|publicado em|publicada em|data de publicação|emitido em|gepubliceerd op|gepubliceerd|datum
publicatiedatum|geplaatst op|opublikowano|opublikowano dnia|data publikacji|data wydania|wydano|дата|опубликовано|дата публикации|дата издания
опубликован|опубліковано|дата публікації|tarih|tarihi|yayın tarihi|yayınlanma tarihi|yayımlanma tarihi|تاريخ|التاريخ|تاريخ النشر|نشر في
نُشر في|تاريخ الإصدار|صدر في|تاریخ|تاریخ انتشار|منتشر شده در|تاریخ صدور|تاریخِ اشاعت|تاریخ اشاعت|اشاعت|שפורסם ב|פורסם ב|פורסם|תאריך
תאריך פרסום|दिनांक|तिथि|तारीख|प्रकाशित|प्रकाशन तिथि|जारी|发布日期|发布时间|日期|发文日期|成文日期|印发日期|签发日期|公布日期|刊登日期|出版日期
發布日期|發佈日期|發文日期|刊登日期|公告日期|發布時間|公開日|掲載日|発行日|日付|発表日|公表日|作成日|投稿日|告示日|게시일|작성일|발행일|등록일|공고일|날짜|일자|วันที่|เผยแพร่
เผยแพร่เมื่อ|วันที่เผยแพร่|ประกาศวันที่|ngày đăng|ngày|đăng ngày|ngày phát hành|ban hành ngày|ngày ban hành|publikováno|zveřejněno|vydáno|datum vydání
zverejnené|publicerad|publicerat|publicerad den|datum|utgiven|offentliggjort|udgivet|udgivet den|dato|publisert|publisert den|utgitt|julkaistu|päivämäärä
päiväys|julkaisupäivä|megjelent|közzétéve|kelt|dátum|kelte|δημοσιεύτηκε|δημοσιεύθηκε|ημερομηνία|ημερομηνία δημοσίευσης|publicat|publicat la|publicat pe
data publicării|diterbitkan|tanggal|tanggal terbit|публикувано|дата на публикуване|objavljeno|datum objave|objavljeno dne|paskelbta|publicēts|avaldatud
"""
_UPDATED = """
updated|last updated|revised|last revised|last modified|last reviewed
stand|stand vom|aktualisiert|aktualisiert am|zuletzt aktualisiert|zuletzt aktualisiert am|letzte aktualisierung|zuletzt geändert am|letzte änderung
mis à jour|mise à jour|mis à jour le|mise à jour le|dernière mise à jour|dernière mise à jour le|mise à jour du|modifié le|état au|actualizado
actualizado el|actualizada el|última actualización|aggiornato|aggiornato il|aggiornata il|aggiornato al|ultimo aggiornamento|atualizado em|atualizada em
última atualização|última atualização em|bijgewerkt op|laatst bijgewerkt|laatst bijgewerkt op|laatste update|zaktualizowano|ostatnia aktualizacja
stan na|stan na dzień|обновлено|дата обновления|последнее обновление|оновлено|güncelleme|güncellenme tarihi|güncelleme tarihi|son güncelleme|تحديث|آخر تحديث
تاريخ التحديث|به‌روزرسانی|آخرین به‌روزرسانی|بروزرسانی|تازہ کاری|آخری تازہ کاری|עודכן|עודכן ב|עדכון אחרון|अद्यतन|अंतिम अद्यतन|更新日期|更新时间|更新時間|修订日期|最后更新
最後更新|更新日|最終更新日|最終更新|改定日|改訂日|수정일|최종 수정일|업데이트|อัปเดต|อัปเดตเมื่อ|ปรับปรุงล่าสุด|cập nhật|cập nhật ngày|cập nhật lần cuối|aktualizováno|poslední aktualizace
uppdaterad|senast uppdaterad|opdateret|senest opdateret|oppdatert|sist oppdatert|päivitetty|frissítve|utolsó frissítés|ενημερώθηκε|τελευταία ενημέρωση
actualizat|actualizat la|diperbarui|ažurirano|обновено
"""
_IN_FORCE = """
effective|effective from|effective as of|effective date|as of|as at|in force from|in force since|valid from|adopted|adopted on|approved|approved on|version of
gültig ab|gültig seit|in kraft seit|in kraft ab|in der fassung vom|fassung vom|beschlossen am|en vigueur au|en vigueur depuis le|en vigueur à compter du
applicable au|adopté le|adoptée le|vigente desde|vigente a partir del|en vigor desde|aprobado el|in vigore dal|valido dal|approvato il|em vigor desde
em vigor a partir de|aprovado em|geldig vanaf|van kracht sinds|van kracht vanaf|vastgesteld op|obowiązuje od|uchwalono|вступает в силу|действует с|утверждено
утвержден|діє з|yürürlük tarihi|geçerlilik tarihi|ساري من|يسري من|معمول به منذ|لازم الاجرا از|نافذ العمل|तत्काल प्रभाव|प्रभावी तिथि|施行日期|生效日期|实施日期|實施日期|施行日|発効日
制定日|시행일|มีผลบังคับใช้|มีผลตั้งแต่|có hiệu lực từ|có hiệu lực từ ngày|platné od|účinnost od|gäller från|gældende fra|gjelder fra|voimassa alkaen|hatályos
ισχύει από|valabil de la|în vigoare din|berlaku mulai|berlaku sejak
"""
_EVENT = """
meeting|minutes|session|hearing|assembly|conference|press release|newsletter|bulletin|circular|statement|memo|memorandum|notice|agenda|report
sitzung|protokoll|versammlung|mitteilung|rundschreiben|bekanntmachung|niederschrift|bericht|réunion|séance|compte rendu|compte-rendu|procès-verbal|communiqué
assemblée|circulaire|arrêté|délibération|rapport|reunión|sesión|acta|asamblea|comunicado|circular|informe|resolución|riunione|verbale|seduta|assemblea|comunicato
circolare|relazione|delibera|reunião|sessão|ata|assembleia|comunicado|relatório|vergadering|notulen|mededeling|persbericht|verslag|posiedzeni\\w*|protokół
zebrani\\w*|komunikat|uchwała|sprawozdanie|заседани\\w*|протокол|собрани\\w*|приказ|сообщени\\w*|отчёт|отчет|постановлени\\w*|засідання\\w*|наказ|toplantı\\w{0,4}|tutana\\w{1,4}|duyuru\\w{0,4}|bülten\\w{0,4}|اجتماع|محضر|بيان
تقرير|جلسة|جلسه|صورت‌جلسه|اطلاعیه|اجلاس|اعلامیہ|بیان|نوٹس|ישיבה|פרוטוקול|הודעה|बैठक|सूचना|कार्यवृत्त|会议|會議|纪要|紀錄|公告|通知|公报|会議|議事録|お知らせ|通知|総会|告示|회의|회의록|공고|공지|보고서
ประชุม|ประกาศ|รายงาน|họp|biên bản|thông báo|báo cáo|zasedání|zápis|schůze|oznámení|zpráva|möte|sammanträde|protokoll|meddelande|møde|referat|meddelelse|møte|kokous|pöytäkirja|tiedote
ülés|jegyzőkönyv|közlemény|συνεδρίαση|πρακτικά|ανακοίνωση|δελτίο|ședință|proces-verbal|comunicat|rapat|notulen|pengumuman|sjednica|zapisnik
"""
_LIMIT = """
until|till|by|due|deadline|expires?|next|born|before|bis|frist|spätestens|nächste\\w*|geboren|termin|jusqu\\w*|échéance|prochaine?|avant|né|née|hasta|plazo|próxim\\w*|antes
nacid[oa]|fino|entro|scadenza|prossim\\w*|nat[oa]|até|prazo|nascid[oa]|tot|uiterlijk|volgende|geboren|do|następn\\w*|urodzon\\w*|до|срок|следующ\\w*|не позднее|kadar|son|sonraki
حتى|موعد|القادم\\w*|تا|مهلت|بعدی|تک|آخری|اگل\\w*|עד|הבא\\w*|तक|अंतिम|अगली|senest|inden|næste|senast|nästa|innen|neste|mennessä|seuraava|határidő|következő|έως|προθεσμία|επόμεν\\w*
termen|următo\\w*|batas|berikutnya|hạn|trước|tiếp theo|ก่อน|ภายใน|ครั้งต่อไป
"""
_LIMIT_UNSPACED = "截止|截至|止|之前|下次|下一次|まで|期限|締切|次回|까지|마감|다음"
_NATIVE_OF = r"vom|du|del|dell['’]|dal|dated|z\s+dnia|ze\s+dne|от|від|de|van|av|af|den|της|din"
_AFTER = (
    "发布|發布|發佈|公布|印发|印發|施行|起施行|通过|修订|发表|刊登|更新|発行|現在|公開|掲載|作成|改定|付|發行|부|발행|작성|게시|기준|года|год|г|року|р|r|roku|yılı|tarihli|tarihinde|"
    "ہے|को|से|को प्रकाशित|kl|uhr|م|ميلادي|ء|عیسوی|d|án|én|i|in"
)
_PARTICLES = frozenset(
    "de del la le am an der im sur sous upon di da do na nad aan den dne dnia a à al il em on op the".split()
)
_MOST_PLACE_WORDS = 5


_LAST_PREPOSITION = re.compile(
    r"\s(?:am|le|el|il|em|op|la|pe|dnia|dne|du|al|den|vom|ב|в)$"
)  # may be taken as a part of the date


def _any(words: str) -> str:
    found = {word for line in words.strip().splitlines() for word in line.split("|")}
    found |= {bare for word in found if (bare := _LAST_PREPOSITION.sub("", word))}
    return "|".join(r"\s+".join(word.split()) for word in sorted(found, key=lambda word: (-len(word), word)))


_LABELS = tuple(
    (kind, re.compile(rf"(?:{_any(words)})\s*(?:[:：\-–—|]|(?<=\w))?\s*", re.I))
    for kind, words in (("published", _PUBLISHED), ("updated", _UPDATED), ("in force", _IN_FORCE))
)
_AT_END = re.compile(
    rf"(?:^|[\s,，、(（]|(?<=[\u3040-\u9fff\uac00-\ud7a3]))(?:{_any(_UPDATED)}|{_any(_IN_FORCE)}|{_any(_PUBLISHED)})\s*[:：,]?\s*$",
    re.I,
)
_OF_AT_END = re.compile(rf"(?<!\w)(?:{_NATIVE_OF})\s*$", re.I)
_BEGINS_WITH_OF = re.compile(rf"(?:{_NATIVE_OF})(?!\w)", re.I)
_COMPOUND = "sitzung|versammlung|protokoll|mitteilung|bericht|schreiben|vergadering|verslag|møte|møde|möte|sammanträde|kokous|ülés"
_UNSPACED_EVENT = (
    "会议|會議|纪要|紀錄|公告|通知|公报|会議|議事録|お知らせ|総会|告示|회의|회의록|공고|공지|보고서|ประชุม|ประกาศ|รายงาน"
)
_EVENTS = rf"(?:(?<!\w)(?:{_any(_EVENT)})(?!\w)|\w*(?:{_COMPOUND})(?:en|et|s)?(?!\w)|{_UNSPACED_EVENT})"
_EVENT_AT_END = re.compile(rf"{_EVENTS}\s*(?:[,，、:：|(（–—-]|of|held\s+on|{_NATIVE_OF})?\s*$", re.I)
_EVENT_FIRST = re.compile(rf"(?:the\s+)?{_EVENTS}[^\d,:،，]{{0,50}}[,،，(（]\s*$", re.I)
_EVENT_ANYWHERE = re.compile(_EVENTS, re.I)
_LIMITS = re.compile(rf"(?<!\w)(?:{_any(_LIMIT)})(?!\w)|{_LIMIT_UNSPACED}", re.I)
_SUFFIX = re.compile(rf"\s*(?:{_AFTER})?[\s.。,،)）\]】]*|\s+[^\W\d]{{1,20}}\s*[:：][^\d:：]{{1,40}}", re.I)
_MOST_BEFORE = 60


def label_of(before: str, after: str) -> str | None:
    """What a line says its date is, by what stands around the date: "" for nothing but perhaps a place, "published", "updated",
    "in force"; None where it says more than that.
    """
    if not _SUFFIX.fullmatch(after):
        return None
    before = before.strip(" \t\u3000([（【「")
    if not before or _is_place(before):
        return "" if not _LIMITS.search(before) else None
    return next((kind for kind, words in _LABELS if words.fullmatch(before)), None)


def dates_its_title(before: str, date: str, after: str) -> bool:
    """Whether a headline names the day it is of: a meeting's, a report's, that from which it holds."""
    if not _SUFFIX.fullmatch(after) or not before.strip() or len(before) > _MOST_BEFORE or _LIMITS.search(before):
        return False
    if _AT_END.search(before) or _EVENT_AT_END.search(before):
        return True
    if _EVENT_FIRST.match(before):
        return True
    of = _OF_AT_END.search(before) or _BEGINS_WITH_OF.match(date)
    return bool(of and _EVENT_ANYWHERE.search(before))


def _is_place(before: str) -> bool:
    """Whether what stands before a date is a place and a comma: "Bad Tölz, den", "القاهرة،", "北京，"."""
    place, comma, rest = (before.replace("،", ",").replace("，", ",") + " ").partition(",")
    words = place.split()
    if not comma or not words or len(words) > _MOST_PLACE_WORDS or any(word not in _PARTICLES for word in rest.split()):
        return False
    if _EVENT_ANYWHERE.search(place) or not all(word[0].isalpha() for word in words):
        return False
    if words[0][0].isupper():
        return all(word[0].isupper() or word in _PARTICLES for word in words)
    return not words[0][0].islower() and len(words) == 1
