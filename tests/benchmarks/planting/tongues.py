"""Answers in a language that nobody asked for."""

from collections.abc import Sequence

import numpy as np

from planting.base import Plant, Planted, Record, pick, sentences

SENTENCES = {
    "de": (
        "Meine Karte wurde gestern im Supermarkt abgelehnt.",
        "Bitte prüfen Sie das Limit in der App.",
        "Wie viele Äpfel hat sie am Ende noch übrig?",
        "Er kauft drei Hefte und zwei Stifte.",
        "Die Überweisung ist noch nicht angekommen.",
        "Das ergibt zusammen zwölf Stunden.",
    ),
    "fr": (
        "Ma carte a été refusée hier au supermarché.",
        "Veuillez vérifier la limite dans l'application.",
        "Combien de pommes lui reste-t-il à la fin ?",
        "Il achète trois cahiers et deux stylos.",
        "Le virement n'est pas encore arrivé.",
        "Cela fait douze heures en tout.",
    ),
    "es": (
        "Ayer rechazaron mi tarjeta en el supermercado.",
        "Compruebe el límite en la aplicación, por favor.",
        "¿Cuántas manzanas le quedan al final?",
        "Compra tres cuadernos y dos bolígrafos.",
        "La transferencia todavía no ha llegado.",
        "En total son doce horas.",
    ),
    "it": (
        "Ieri la mia carta è stata rifiutata al supermercato.",
        "Controlli il limite nell'applicazione.",
        "Quante mele le rimangono alla fine?",
        "Compra tre quaderni e due penne.",
        "Il bonifico non è ancora arrivato.",
        "In tutto sono dodici ore.",
    ),
    "pt": (
        "Ontem o meu cartão foi recusado no supermercado.",
        "Verifique o limite na aplicação, por favor.",
        "Com quantas maçãs ela fica no final?",
        "Ele compra três cadernos e duas canetas.",
        "A transferência ainda não chegou à minha conta.",
        "No total são doze horas de trabalho.",
    ),
    "nl": (
        "Mijn kaart werd gisteren in de supermarkt geweigerd.",
        "Controleer de limiet in de app.",
        "Hoeveel appels heeft ze aan het eind nog over?",
        "Hij koopt drie schriften en twee pennen.",
        "De overboeking is nog niet aangekomen.",
        "Dat is samen twaalf uur.",
    ),
    "pl": (
        "Wczoraj moja karta została odrzucona w sklepie.",
        "Proszę sprawdzić limit w aplikacji.",
        "Ile jabłek zostało jej na końcu?",
        "Kupuje trzy zeszyty i dwa długopisy.",
        "Przelew jeszcze nie dotarł.",
        "Razem daje to dwanaście godzin.",
    ),
    "sv": (
        "Mitt kort nekades i affären i går.",
        "Kontrollera gränsen i appen.",
        "Hur många äpplen har hon kvar till slut?",
        "Han köper tre häften och två pennor.",
        "Överföringen har inte kommit fram ännu.",
        "Det blir tolv timmar sammanlagt.",
    ),
    "tr": (
        "Kartım dün markette reddedildi.",
        "Lütfen uygulamadaki limiti kontrol edin.",
        "Sonunda kaç elması kaldı?",
        "Üç defter ve iki kalem satın alıyor.",
        "Havale henüz hesabıma ulaşmadı.",
        "Toplamda on iki saat ediyor.",
    ),
    "ru": (
        "Вчера мою карту отклонили в магазине.",
        "Проверьте лимит в приложении.",
        "Сколько яблок у неё осталось в конце?",
        "Он покупает три тетради и две ручки.",
        "Перевод ещё не пришёл.",
        "Всего получается двенадцать часов.",
    ),
    "zh": (
        "昨天我的卡在超市被拒绝了。",
        "请在应用程序中检查限额。",
        "最后她还剩下多少个苹果？",
        "他买了三本练习册和两支笔。",
        "转账还没有到账。",
        "一共是十二个小时。",
    ),
    "ja": (
        "昨日、スーパーでカードが使えませんでした。",
        "アプリで限度額を確認してください。",
        "最後にりんごはいくつ残っていますか。",
        "彼はノートを三冊とペンを二本買います。",
        "振込はまだ届いていません。",
        "合計で十二時間になります。",
    ),
    "hi": (
        "कल सुपरमार्केट में मेरा कार्ड अस्वीकार कर दिया गया।",
        "कृपया ऐप में सीमा जाँच लें।",
        "अंत में उसके पास कितने सेब बचे?",
        "वह तीन कॉपियाँ और दो कलम खरीदता है।",
        "पैसे अभी तक खाते में नहीं आए हैं।",
        "कुल मिलाकर बारह घंटे होते हैं।",
    ),
    "ar": (
        "تم رفض بطاقتي أمس في المتجر.",
        "يرجى التحقق من الحد في التطبيق.",
        "كم تفاحة بقيت معها في النهاية؟",
        "يشتري ثلاثة دفاتر وقلمين.",
        "لم يصل التحويل بعد.",
        "المجموع اثنتا عشرة ساعة.",
    ),
}


def language(records: Sequence[Record], row: int, rng: np.random.Generator) -> Planted:
    code = pick(rng, list(SENTENCES))
    chosen = rng.permutation(len(SENTENCES[code]))[: int(rng.integers(1, 5))]
    text = " ".join(SENTENCES[code][int(i)] for i in chosen)
    record = records[row]
    own = sentences(record.response)
    if len(own) >= 2 and len(chosen) >= 2 and rng.random() < 0.15:
        return Planted(record._replace(response=f"{own[0]} {text}"), "drifts after a sentence")
    return Planted(record._replace(response=text), code)


PLANTERS: dict[str, Plant] = {"language": language}
