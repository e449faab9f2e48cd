"""Sixty small notices in twelve languages: the day each says it is of, and none where it only names another day."""

from __future__ import annotations

from pathlib import Path

from index.load import parse_file

RIGHT_AT_LEAST = 54

# Language, headline and date line as written, body, the date that it says it is of ("" for none).
NOTICES = (
    ("de", "Badeordnung des Seebads Wiesental\nStand: 14. Mai 2024", "Das Becken ist von acht bis zwanzig Uhr geöffnet.", "2024-05-14"),
    ("de", "Neue Öffnungszeiten im Rathaus\nVeröffentlicht am 02.09.2023", "Ab Montag öffnet der Schalter um neun Uhr.", "2023-09-02"),
    ("de", "Niederschrift der Vorstandssitzung vom 21. Oktober 2024\n", "Anwesend waren sieben Mitglieder des Vereins.", "2024-10-21"),
    ("de", "Wichtiger Hinweis zum Abwasser", "Die Rohre in der Mühlgasse werden gespült.\n\nTannheim, den 7. Januar 2025", "2025-01-07"),
    ("de", "Anmeldung zum Sommerlager\nAnmeldeschluss: bis 30. April 2024", "Die Plätze sind knapp, bitte meldet euch bald.", ""),
    ("fr", "Tarifs de la piscine de Morval\nMis à jour le 3 avril 2024", "L'entrée coûte quatre euros pour les adultes.", "2024-04-03"),
    ("fr", "Fermeture du pont des Aulnes\nPublié le 1er février 2023", "Les travaux dureront jusqu'à l'été prochain.", "2023-02-01"),
    ("fr", "Compte rendu de la réunion du 12 décembre 2024\n", "Les membres ont approuvé le budget du club.", "2024-12-12"),
    ("fr", "Avis aux habitants de la rue haute", "L'eau sera coupée le matin pendant deux heures.\n\nSaint-Brec, le 9 juin 2024", "2024-06-09"),
    ("fr", "Concours de dessin de la mairie\nDate limite : jusqu'au 30 mai 2024", "Les enfants peuvent envoyer un dessin chacun.", ""),
    ("es", "Horario de la biblioteca de Lomas\nActualizado el 5 de marzo de 2024", "La sala de lectura abre de lunes a sábado.", "2024-03-05"),
    ("es", "Corte de agua en el barrio alto\nFecha de publicación: 17/09/2023", "El servicio volverá por la tarde según la empresa.", "2023-09-17"),
    ("es", "Acta de la reunión del 8 de noviembre de 2024\n", "Asistieron doce vecinos y se aprobaron las cuentas.", "2024-11-08"),
    ("es", "Comunicado a las familias del colegio", "El comedor cambia de proveedor este curso.\n\nVilladuero, a 20 de enero de 2025", "2025-01-20"),
    ("es", "Becas de música para jóvenes\nPlazo: hasta el 15 de junio de 2024", "Las solicitudes se entregan en la oficina.", ""),
    ("it", "Regolamento della palestra di Vallona\nAggiornato al 10 febbraio 2024", "Gli spogliatoi chiudono mezz'ora dopo la palestra.", "2024-02-10"),
    ("it", "Lavori sulla strada del mulino\nPubblicato il 4 luglio 2023", "La strada resta chiusa al traffico per tre settimane.", "2023-07-04"),
    ("it", "Verbale dell'assemblea del 18 settembre 2024\n", "Erano presenti quindici soci della cooperativa.", "2024-09-18"),
    ("it", "Avviso ai condomini della scala B", "L'ascensore è fermo per manutenzione tutta la mattina.\n\nMontelago, 6 marzo 2025", "2025-03-06"),
    ("it", "Bando per il coro cittadino\nScadenza: entro il 1 maggio 2024", "Possono iscriversi tutti i residenti del comune.", ""),
    ("pt", "Regras do parque de Vale Claro\nAtualizado em 22 de agosto de 2024", "Os cães devem andar com trela dentro do parque.", "2024-08-22"),
    ("pt", "Obras na ponte do moinho\nPublicado em 03/10/2023", "A ponte fica fechada durante quatro semanas.", "2023-10-03"),
    ("pt", "Ata da reunião de 11 de dezembro de 2024\n", "Estiveram presentes nove sócios do clube.", "2024-12-11"),
    ("pt", "Aviso aos moradores do bloco dois", "A água será cortada durante a manhã de sábado.\n\nRibeira Nova, 5 de fevereiro de 2025", "2025-02-05"),
    ("pt", "Inscrições para o curso de olaria\nPrazo: até 31 de maio de 2024", "As vagas são limitadas a doze pessoas.", ""),
    ("pl", "Regulamin basenu w Zielonce\nStan na dzień 1 kwietnia 2024", "Basen jest czynny codziennie od ósmej do dwudziestej.", "2024-04-01"),
    ("pl", "Remont mostu przy młynie\nOpublikowano: 19.08.2023", "Most pozostanie zamknięty przez dwa miesiące.", "2023-08-19"),
    ("pl", "Protokół z zebrania z dnia 14 października 2024 r.\n", "W zebraniu wzięło udział jedenastu członków koła.", "2024-10-14"),
    ("pl", "Ogłoszenie dla mieszkańców bloku", "Winda będzie nieczynna przez całe przedpołudnie.\n\nBrzezinka, dnia 3 marca 2025 r.", "2025-03-03"),
    ("pl", "Zapisy na warsztaty garncarskie\nTermin: do 30 czerwca 2024", "Liczba miejsc jest ograniczona do dziesięciu.", ""),
    ("ru", "Правила посещения бассейна\nДата публикации: 12 мая 2024 г.", "Бассейн открыт каждый день с восьми утра.", "2024-05-12"),
    ("ru", "Ремонт моста у мельницы\nОбновлено 7 сентября 2023 года", "Мост будет закрыт для движения два месяца.", "2023-09-07"),
    ("ru", "Протокол заседания правления от 25 ноября 2024 года\n", "На заседании присутствовали восемь членов клуба.", "2024-11-25"),
    ("ru", "Объявление для жильцов дома", "Горячей воды не будет до вечера субботы.\n\n15 января 2025 г.", "2025-01-15"),
    ("ru", "Запись в хор посёлка\nСрок подачи: до 1 июня 2024 года", "Принимаются все желающие старше двенадцати лет.", ""),
    ("tr", "Yüzme havuzu kuralları\nSon güncelleme: 9 Haziran 2024", "Havuz her gün sabah sekizden akşam sekize kadar açıktır.", "2024-06-09"),
    ("tr", "Köprü bakım çalışması\nYayın tarihi: 21.11.2023", "Köprü iki ay boyunca araç trafiğine kapalı olacak.", "2023-11-21"),
    ("tr", "Yönetim kurulu toplantı tutanağı, 4 Ekim 2024\n", "Toplantıya derneğin yedi üyesi katıldı.", "2024-10-04"),
    ("tr", "Apartman sakinlerine duyuru", "Asansör bakım nedeniyle öğlene kadar çalışmayacak.\n\nÇamlıköy, 18 Şubat 2025", "2025-02-18"),
    ("tr", "Seramik kursu kayıtları\nSon başvuru: 30 Nisan 2024", "Kontenjan on iki kişiyle sınırlıdır.", ""),
    ("ar", "قواعد المسبح البلدي\nآخر تحديث: 3 أبريل 2024", "يفتح المسبح أبوابه كل يوم من الثامنة صباحا.", "2024-04-03"),
    ("ar", "صيانة الجسر القديم\nتاريخ النشر: ١٢ أيلول ٢٠٢٣", "سيبقى الجسر مغلقا أمام السيارات مدة شهرين.", "2023-09-12"),
    ("ar", "محضر اجتماع المجلس، 20 أكتوبر 2024\n", "حضر الاجتماع تسعة من أعضاء الجمعية.", "2024-10-20"),
    ("ar", "إعلان إلى سكان العمارة", "المصعد متوقف عن العمل حتى الظهر بسبب الصيانة.\n\n5 فبراير 2025", "2025-02-05"),
    ("ar", "التسجيل في دورة الخزف\nآخر موعد للتسجيل: 30 مايو 2024", "عدد الأماكن محدود باثني عشر شخصا.", ""),
    ("zh", "白杨镇游泳馆须知\n更新日期：2024年6月18日", "游泳馆每天上午八点开放，晚上八点关闭。", "2024-06-18"),
    ("zh", "关于旧桥维修的公告\n发布时间：2023-09-05", "大桥将对车辆封闭两个月，请绕行。", "2023-09-05"),
    ("zh", "业主委员会会议纪要（2024年10月21日）\n", "到会委员共七人，会议通过了年度预算。", "2024-10-21"),
    ("zh", "致全体住户的通知", "电梯因检修上午停止使用，请走楼梯。\n\n柳岸物业管理处\n二〇二五年一月九日", "2025-01-09"),
    ("zh", "陶艺班报名须知\n报名截止：2024年5月31日", "名额为十二人，报满为止。", ""),
    ("ja", "市民プール利用案内\n最終更新日：2024年7月2日", "プールは毎日午前八時から午後八時まで開いています。", "2024-07-02"),
    ("ja", "橋の修繕工事について\n掲載日 令和5年9月14日", "橋は二か月のあいだ車両通行止めになります。", "2023-09-14"),
    ("ja", "理事会議事録（2024年11月6日）\n", "出席者は理事七名で、予算案が承認されました。", "2024-11-06"),
    ("ja", "住民のみなさまへのお知らせ", "エレベーターは点検のため午前中は使えません。\n\n2025年2月3日\nさくら荘管理組合", "2025-02-03"),
    ("ja", "陶芸教室の申し込み\n締切：2024年4月30日まで", "定員は十二名です。お早めにお申し込みください。", ""),
    ("ko", "시립 수영장 이용 안내\n수정일: 2024년 5월 27일", "수영장은 매일 오전 여덟 시부터 문을 엽니다.", "2024-05-27"),
    ("ko", "다리 보수 공사 안내\n게시일 2023. 10. 11.", "다리는 두 달 동안 차량 통행이 금지됩니다.", "2023-10-11"),
    ("ko", "이사회 회의록, 2024년 12월 3일\n", "회원 일곱 명이 회의에 참석하였습니다.", "2024-12-03"),
    ("ko", "입주민 여러분께 알립니다", "승강기는 점검 때문에 오전에는 멈춥니다.\n\n2025년 1월 22일", "2025-01-22"),
    ("ko", "도자기 교실 신청 안내\n신청 마감: 2024년 6월 15일까지", "정원은 열두 명이며 선착순입니다.", ""),
)  # fmt: skip


def read(folder: Path, number: int, head: str, body: str):
    path = folder / f"notice-{number}.txt"
    path.write_text(f"{head}\n\n{body}\n", encoding="utf-8")
    return parse_file(path, path.name, max_bytes=100_000)


def test_notices_in_twelve_languages_are_dated_as_they_say_and_never_otherwise(tmp_path):
    found = [read(tmp_path, number, head, body) for number, (_, head, body, _) in enumerate(NOTICES)]
    dates = [one.provenance.published.date if one.provenance.published else "" for one in found]
    wrong = [(head, date) for (_, head, _, said), date in zip(NOTICES, dates, strict=True) if date and date != said]
    missed = [(head, body) for (_, head, body, said), date in zip(NOTICES, dates, strict=True) if said and not date]
    assert wrong == []
    assert len(NOTICES) - len(missed) >= RIGHT_AT_LEAST, missed
    assert [one.language for one in found] == [language for language, *_ in NOTICES]
    titles = {
        head.split("\n")[0]: one.provenance.title
        for (_, head, _, said), one in zip(NOTICES, found, strict=True)
        if said
    }
    assert list(titles) == list(titles.values())
