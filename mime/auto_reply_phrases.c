#include "mime/auto_reply_phrases.h"

/* KIND_SUBJECT_START, KIND_SUBJECT and KIND_OPENING: who is away, has left or has another address.
 * KIND_PAGE: a reply that says of itself that it is automatic. KIND_POLITE: thanks for a message,
 * an acknowledgement, a holiday; in people's own mail too. KIND_MACHINE: a program wrote this.
 * Left out is what newsletters and people say of something else. */
const struct kind_phrases auto_reply_phrases[] = {
    {"en", KIND_SUBJECT_START,
     "auto reply|auto-reply|auto response|auto-response|autoresponse|automatic reply|"
     "automatic response|automated reply|automated response|out of office|out-of-office|ooo:|"
     "out of the office|i am out of the office|vacation reply|vacation notice|vacation message|"
     "away from my mail|away message|autosvar|acknowledgement of your|automatic acknowledg|"
     "autoreply:|auto responder"},
    {"en", KIND_SUBJECT,
     "(auto-reply|(auto reply|(autoreply|(automatic re|(auto response|(auto-response|[auto-reply|"
     "[auto reply|[autoreply|[automatic re|[auto response|(out of office|[out of office|"
     "out of office autoreply|out of office reply|out of office auto|out of office message|"
     "out of office notification|is out of the office|automatic out of office|auto-responder|"
     "(returning |yahoo! auto response|- auto reply|- auto-reply|- autoreply|- automatic re|"
     "- out of office|] autoreply|] auto-reply|] auto reply|] automatic re|auto response from|"
     "auto reply from|auto-reply from|autoreply from|automatic reply from|automatic response from|auto response to|"
     "auto-response to|auto reply to|auto-reply to|autoreply to|automatic reply to|"
     "automatic response to|will be out of the office|will be out of office|"
     "i'm out of the office|out of the office until|out of office until|am on vacation|"
     "on annual leave|on maternity leave|on parental leave"},
    {"en", KIND_OPENING,
     "i am out of office|i am out of the office|i am currently out of|i am currently away|"
     "i am away from|i am away until|i am away on|i am on vacation|i am on holiday|"
     "i am on annual leave|i am on leave|i am on maternity leave|i am on parental leave|"
     "i will be out of the office|i will be out of office|i will be away from|"
     "i will be on vacation|i'm out of the office|i'm out of office|i'm currently out of|"
     "i'm on vacation|i'm away until|i'm away from|i'm on holiday|i am presently out of|"
     "currently out of the office|out of the office until|out of the office from|"
     "i am of the office|away from my desk|with no access to email|limited access to email|"
     "limited access to my email|intermittent access to email|no access to my email|"
     "i am traveling|i am travelling|i will be traveling|i will be travelling|"
     "no longer works here|no longer works at|no longer works for|no longer work at|"
     "no longer work for|no longer working at|no longer working for|no longer with the company|"
     "no longer an employee|is no longer with us|has left the company|have left the company|"
     "has left the organisation|has left the organization|this mailbox is no longer monitored|"
     "this mailbox is not monitored|this email address is no longer monitored|"
     "this address is no longer monitored|this inbox is not monitored|"
     "this e-mail address is no longer in use|this email address is no longer in use|"
     "this address is no longer in use|this email account is no longer in use|"
     "my email address has changed|my e-mail address has changed|i have a new email address|"
     "changed my email address"},
    {"en", KIND_PAGE,
     "this is an automated reply|this is an automated response|this is an automatic reply|"
     "this is an automatic response|this is an auto-reply|this is an auto reply|"
     "this is an autoreply|this is an auto-response|this is an auto response|this is a auto|"
     "automated response to your|automatic response to your|automatic reply to your|"
     "automatically generated reply|automatically generated response|auto-generated reply|"
     "auto-generated response|this reply was automatically generated|"
     "this response was automatically generated|this automated response|this automatic response|"
     "this auto-response|this automatic reply|this is an automated acknowledg|"
     "this is an automatic acknowledg|only notification you will receive while|"
     "this autoresponder|autoresponder of"},
    {"en", KIND_POLITE,
     "thank you for your email|thank you for your e-mail|thank you for your message|"
     "thank you for your enquiry|thank you for your inquiry|thank you for contacting|"
     "thank you for emailing|thank you for getting in touch|thank you for writing|"
     "thank you for you e-mail|thanks for your email|thanks for your e-mail|"
     "thanks for your message|thanks for contacting|thanks for getting in touch|"
     "thanks for reaching out|thank you for reaching out|we have received your email|"
     "we have received your e-mail|we have received your message|we have received your request|"
     "we have received your enquiry|we have received your inquiry|we received your email|"
     "we received your message|we received your request|your email has been received|"
     "your e-mail has been received|your message has been received|"
     "your request has been received|your inquiry has been received|your ticket has been|"
     "your request (|a ticket has been|a support ticket has been|a new ticket|a case has been|"
     "ticket created|case created|we will get back to you|we will respond|"
     "will reply as soon as possible|to reply as soon as possible|"
     "will respond as soon as possible|will be in touch|auto:|autoreply|autoresponder|"
     "on vacation|away from the office|ticket received|request received:|our office is closed|"
     "our offices are closed|the office is closed|no longer employed"},
    {"en", KIND_MACHINE,
     "this is an automated message|this is an automatic message|this is an automated email|"
     "this is an automated e-mail|this is an automatically generated|"
     "this message was automatically generated|this email was automatically generated|"
     "this message was generated automatically|automatically generated message|"
     "do not reply to this|do not respond to this"},
    {"de", KIND_SUBJECT_START,
     "automatische ruckantwort|automatische abwesenheit|abwesenheitsnachricht|"
     "abwesenheitsassistent|abwesenheit|abwesend|urlaubsnotiz|urlaubsbenachrichtigung|"
     "nicht im buro|auser haus|automatische eingangsbestatigung"},
    {"de", KIND_SUBJECT,
     "automatische antwort|abwesenheitsnotiz|abwesenheitsmeldung|"
     "automatische benachrichtigung: abwesen|ist auser haus|(ruckkehr am|(ruckkehr: |"
     "derzeit nicht im buro|im urlaub bis|bin im urlaub"},
    {"de", KIND_OPENING,
     "ich bin derzeit nicht|ich bin zur zeit nicht|ich bin zurzeit nicht|ich bin momentan nicht|"
     "ich bin bis|ich bin im urlaub|ich bin nicht im buro|ich bin auser haus|"
     "ich befinde mich im urlaub|ich befinde mich derzeit|ich befinde mich bis|"
     "ich bin im mutterschutz|ich bin in elternzeit|bin ich nicht im buro|bin ich wieder|"
     "nicht im hause|auser haus|derzeit nicht erreichbar|zur zeit nicht erreichbar|"
     "zurzeit nicht erreichbar|meine e-mails werden nicht|ihre e-mail wird nicht weitergeleitet|"
     "nicht weitergeleitet|nicht mehr fur uns tatig|nicht mehr bei uns|nicht mehr im unternehmen|"
     "nicht mehr in unserem|hat das unternehmen verlassen|hat unser unternehmen verlassen|"
     "hat unser haus verlassen|ist nicht mehr beschaftigt|"
     "diese e-mail-adresse ist nicht mehr aktuell|diese e-mail-adresse wird nicht mehr|"
     "dieses postfach wird nicht mehr"},
    {"de", KIND_PAGE,
     "dies ist eine automatische antwort|dies ist eine automatisierte antwort|"
     "dies ist eine automatisch generierte antwort|dies ist eine automatisch erstellte antwort|"
     "diese antwort wurde automatisch|automatisch generierte antwort|"
     "automatisch erzeugte antwort|automatische eingangsbestatigung|"
     "automatische empfangsbestatigung"},
    {"de", KIND_POLITE,
     "vielen dank fur ihre e-mail|vielen dank fur ihre mail|vielen dank fur ihre nachricht|"
     "vielen dank fur ihre anfrage|vielen dank fur deine nachricht|vielen dank fur deine e-mail|"
     "danke fur ihre e-mail|danke fur ihre nachricht|danke fur ihre anfrage|"
     "ihre anfrage ist bei uns eingegangen|ihre nachricht ist bei uns eingegangen|"
     "ihre e-mail ist bei uns eingegangen|wir haben ihre anfrage erhalten|"
     "wir haben ihre nachricht erhalten|wir haben ihre e-mail erhalten|ihre anfrage wurde|"
     "urlaubsvertretung|eingangsbestatigung|unser buro ist geschlossen|unsere praxis ist"},
    {"de", KIND_MACHINE,
     "diese nachricht wurde automatisch|diese e-mail wurde automatisch|"
     "diese mail wurde automatisch|dies ist eine automatisch|antworten sie nicht auf diese"},
    {"fr", KIND_SUBJECT_START,
     "reponse auto|message automatique d'absence|absent du bureau|absente du bureau|"
     "absent(e) du bureau|notification d'absence|accuse de reception automatique|absence :|"
     "absence:"},
    {"fr", KIND_SUBJECT,
     "reponse automatique|message d'absence|absence du bureau|est absent|(retour le|"
     "en conge jusqu|en vacances jusqu"},
    {"fr", KIND_OPENING,
     "je suis absent|je suis actuellement absent|je suis actuellement en|je suis en conge|"
     "je suis en vacances|je suis en deplacement|je serai absent|je serai de retour|"
     "je suis hors du bureau|absent du bureau|absente du bureau|absent(e) du bureau|"
     "actuellement en conge|actuellement absent|pendant mon absence|de retour le|"
     "ne travaille plus|ne fait plus partie|a quitte la societe|a quitte l'entreprise|"
     "a quitte notre|n'est plus en fonction|cette adresse n'est plus|cette boite n'est plus|"
     "cette adresse email n'est plus|cette adresse e-mail n'est plus"},
    {"fr", KIND_PAGE,
     "ceci est une reponse automatique|ceci est un message automatique d'absence|"
     "cette reponse est automatique|il s'agit d'une reponse automatique|"
     "reponse generee automatiquement|accuse de reception automatique"},
    {"fr", KIND_POLITE,
     "merci pour votre message|merci pour votre e-mail|merci pour votre email|"
     "merci pour votre mail|merci de votre message|nous avons bien recu votre|"
     "nous accusons reception|j'ai bien recu votre|votre demande a bien ete|"
     "votre message a bien ete|merci de nous avoir contacte|en conge|nos bureaux sont fermes|"
     "nos bureaux seront fermes"},
    {"fr", KIND_MACHINE,
     "ceci est un message automatique|message genere automatiquement|ne pas repondre a ce|"
     "envoye automatiquement"},
    {"es", KIND_SUBJECT_START,
     "respuesta automatizada|fuera de oficina|aviso de ausencia|auto respuesta|"
     "contestacion automatica"},
    {"es", KIND_SUBJECT,
     "respuesta automatica|fuera de la oficina|autorespuesta|de vacaciones hasta"},
    {"es", KIND_OPENING,
     "estoy fuera de la oficina|estoy fuera de oficina|me encuentro fuera|estare fuera|"
     "estoy de vacaciones|me encuentro de vacaciones|estare de vacaciones|estoy ausente|"
     "estare ausente|no estare disponible|actualmente fuera de|estare de regreso|"
     "estare de vuelta|durante mi ausencia|ya no trabaja|ya no labora|ya no forma parte|"
     "dejo de trabajar|esta direccion ya no|este correo ya no|esta cuenta ya no|este buzon ya no"},
    {"es", KIND_PAGE,
     "esta es una respuesta automatica|este es un mensaje de respuesta automatica|"
     "respuesta generada automaticamente|respuesta automatica a su"},
    {"es", KIND_POLITE,
     "gracias por su mensaje|gracias por su correo|gracias por tu mensaje|gracias por tu correo|"
     "gracias por contactar|gracias por escribir|gracias por comunicarse|hemos recibido su|"
     "hemos recibido tu|su solicitud ha sido|su mensaje ha sido recibido|acusamos recibo|"
     "de vacaciones|ausencia temporal"},
    {"es", KIND_MACHINE,
     "este es un mensaje automatico|este mensaje es automatico|mensaje generado automaticamente|"
     "correo generado automaticamente|no responda a este"},
    {"it", KIND_SUBJECT_START,
     "risposta auto|fuori sede|assente|assenza dall'ufficio|sono in ferie|messaggio di assenza"},
    {"it", KIND_SUBJECT, "risposta automatica|fuori ufficio|in ferie fino"},
    {"it", KIND_OPENING,
     "sono fuori ufficio|sono fuori sede|sono assente|saro assente|sono in ferie|saro in ferie|"
     "sono attualmente fuori|sono attualmente assente|saro fuori ufficio|rientrero|"
     "durante la mia assenza|non lavora piu|non fa piu parte|questo indirizzo non e piu|"
     "questa casella non e piu|questa casella di posta non e"},
    {"it", KIND_PAGE,
     "questa e una risposta automatica|risposta generata automaticamente|"
     "il presente messaggio e una risposta automatica"},
    {"it", KIND_POLITE,
     "grazie per la sua|grazie per averci contattato|grazie per averci scritto|"
     "grazie per il suo messaggio|grazie per il tuo messaggio|abbiamo ricevuto la sua|"
     "abbiamo ricevuto la tua|la sua richiesta e stata|la tua richiesta e stata|in ferie|"
     "i nostri uffici sono chiusi|i nostri uffici saranno chiusi|gli uffici resteranno chiusi"},
    {"it", KIND_MACHINE,
     "questo e un messaggio automatico|messaggio generato automaticamente|"
     "non rispondere a questo|non rispondere a questa"},
    {"pt", KIND_SUBJECT_START,
     "resposta automatizada|ausencia temporaria|ausencia do escritorio|estou de ferias|"
     "aviso de ferias|autoresposta"},
    {"pt", KIND_SUBJECT, "resposta automatica|fora do escritorio"},
    {"pt", KIND_OPENING,
     "estou fora do escritorio|estou ausente|estarei ausente|estou de ferias|estarei de ferias|"
     "estou em ferias|estarei em ferias|encontro-me ausente|encontro-me de ferias|"
     "encontro-me fora|estarei fora|retornarei|regressarei|nao trabalha mais|ja nao trabalha|"
     "nao faz mais parte|ja nao faz parte|este e-mail nao e mais|este endereco nao e mais|"
     "esta conta nao e mais|esta caixa de correio nao"},
    {"pt", KIND_PAGE,
     "esta e uma resposta automatica|resposta gerada automaticamente|"
     "mensagem de resposta automatica"},
    {"pt", KIND_POLITE,
     "obrigado pela sua mensagem|obrigado por sua mensagem|obrigado pelo seu|"
     "obrigado por entrar em contato|obrigado pelo contato|agradecemos o seu contato|"
     "agradecemos o contato|agradecemos sua mensagem|agradecemos a sua mensagem|recebemos sua|"
     "recebemos a sua|recebemos seu|sua solicitacao foi|de ferias|em ferias"},
    {"pt", KIND_MACHINE,
     "esta e uma mensagem automatica|mensagem gerada automaticamente|e-mail automatico|"
     "nao responda a este|nao responda este"},
    {"nl", KIND_SUBJECT_START, "automatische beantwoording|afwezig|niet aanwezig|niet op kantoor"},
    {"nl", KIND_SUBJECT,
     "automatisch antwoord|automatische reactie|afwezigheidsbericht|afwezig tot|op vakantie tot"},
    {"nl", KIND_OPENING,
     "ik ben afwezig|ik ben niet aanwezig|ik ben niet op kantoor|ik ben op vakantie|"
     "ik ben met vakantie|ik ben tot|ben ik afwezig|niet op kantoor|momenteel niet bereikbaar|"
     "tijdens mijn afwezigheid|niet meer werkzaam|werkt niet meer|niet langer werkzaam|"
     "werkt niet langer|is uit dienst|dit e-mailadres wordt niet meer|"
     "dit e-mailadres is niet meer|deze mailbox wordt niet"},
    {"nl", KIND_PAGE,
     "dit is een automatisch antwoord|dit is een automatische reactie|"
     "dit is een automatisch gegenereerd antwoord|automatische ontvangstbevestiging"},
    {"nl", KIND_POLITE,
     "bedankt voor uw e-mail|bedankt voor uw mail|bedankt voor uw bericht|"
     "bedankt voor je bericht|bedankt voor je mail|dank voor uw bericht|dank u voor uw|"
     "hartelijk dank voor uw|uw bericht is ontvangen|uw e-mail is ontvangen|uw aanvraag is|"
     "wij hebben uw bericht ontvangen|wij hebben uw e-mail ontvangen|"
     "we hebben je bericht ontvangen|we hebben uw bericht ontvangen|met vakantie|op vakantie|"
     "ontvangstbevestiging|wegens vakantie|ons kantoor is gesloten"},
    {"nl", KIND_MACHINE,
     "dit is een automatisch|dit bericht is automatisch|deze e-mail is automatisch|"
     "niet te antwoorden op deze"},
    {"sv", KIND_SUBJECT_START,
     "franvaro|franvarande|ej pa kontoret|inte pa kontoret|jag ar pa semester"},
    {"sv", KIND_SUBJECT, "automatiskt svar|autosvar|franvaromeddelande"},
    {"sv", KIND_OPENING,
     "jag ar inte pa kontoret|jag ar pa semester|jag har semester|jag ar for narvarande|"
     "jag ar foraldraledig|jag ar bortrest|jag ar borta|jag ar ater|jag ar tillbaka|"
     "ater pa kontoret|arbetar inte langre|jobbar inte langre|har slutat|inte langre anstalld|"
     "den har adressen anvands inte|denna adress anvands inte|e-postadressen anvands inte"},
    {"sv", KIND_PAGE,
     "detta ar ett automatiskt svar|detta ar ett autosvar|det har ar ett automatiskt svar|"
     "detta ar ett automatiskt genererat svar"},
    {"sv", KIND_POLITE,
     "tack for ditt mail|tack for ditt mejl|tack for ditt meddelande|tack for ditt e-post|"
     "tack for att du|vi har mottagit ditt|vi har tagit emot|ditt arende har|semester"},
    {"sv", KIND_MACHINE,
     "detta ar ett automatiskt|detta meddelande har skickats automatiskt|gar inte att svara pa"},
    {"da", KIND_SUBJECT_START,
     "ikke til stede|fravar|jeg er pa ferie|ude af kontoret|ikke pa kontoret"},
    {"da", KIND_SUBJECT, "automatisk svar"},
    {"da", KIND_OPENING,
     "jeg er ikke pa kontoret|jeg er pa ferie|jeg holder ferie|jeg er fravarende|"
     "jeg er pa barsel|jeg er tilbage|er tilbage pa kontoret|ikke langere ansat|"
     "arbejder ikke langere|er fratradt|er stoppet hos|denne adresse bruges ikke|denne mailboks"},
    {"da", KIND_PAGE,
     "dette er et automatisk svar|dette er et autosvar|dette er en automatisk besvarelse"},
    {"da", KIND_POLITE,
     "tak for din mail|tak for din e-mail|tak for din besked|tak for din henvendelse|"
     "tak for mailen|vi har modtaget din|ferie"},
    {"da", KIND_MACHINE,
     "dette er en automatisk|denne mail er automatisk|denne e-mail er automatisk|"
     "kan ikke besvares"},
    {"no", KIND_SUBJECT_START, "automatisk svar|fravarsbeskjed"},
    {"no", KIND_SUBJECT, "fravarsmelding|fravarsassistent"},
    {"no", KIND_OPENING,
     "jeg er for oyeblikket|jeg er bortreist|jeg er ute av kontoret|jeg er tilbake|"
     "tilbake pa kontoret|jobber ikke lenger|arbeider ikke lenger|har sluttet|ikke lenger ansatt|"
     "denne e-postadressen er ikke lenger"},
    {"no", KIND_PAGE, "dette er en automatisk generert respons"},
    {"no", KIND_POLITE,
     "takk for din e-post|takk for e-posten|takk for din henvendelse|takk for din melding|"
     "takk for meldingen|vi har mottatt din|ferieavvikling"},
    {"no", KIND_MACHINE, "denne meldingen er automatisk|denne e-posten er automatisk"},
    {"fi", KIND_SUBJECT_START, "automaattivastaus|poissa|olen lomalla"},
    {"fi", KIND_SUBJECT, "automaattinen vastaus|poissaoloilmoitus"},
    {"fi", KIND_OPENING,
     "olen poissa|olen lomalla|olen vuosilomalla|olen matkoilla|en ole paikalla|"
     "en ole toimistolla|ei tyoskentele enaa|ei ole enaa palveluksessa|ei enaa tyoskentele|"
     "tama sahkopostiosoite ei ole enaa"},
    {"fi", KIND_PAGE,
     "tama on automaattinen vastaus|tama on automaattivastaus|tama on automaattinen poissaolo"},
    {"fi", KIND_POLITE,
     "kiitos viestistasi|kiitos viestistanne|kiitos sahkopostistasi|kiitos yhteydenotostasi|"
     "kiitos yhteydenotosta|olemme vastaanottaneet|viestisi on vastaanotettu|lomalla"},
    {"fi", KIND_MACHINE,
     "tama on automaattinen|tama viesti on lahetetty automaattisesti|ala vastaa tahan"},
    {"pl", KIND_SUBJECT_START, "nieobecnosc|poza biurem|jestem na urlopie|nieobecny|nieobecna"},
    {"pl", KIND_SUBJECT,
     "odpowiedz automatyczna|automatyczna odpowiedz|autoodpowiedz|informacja o nieobecnosci"},
    {"pl", KIND_OPENING,
     "jestem na urlopie|jestem nieobecn|jestem poza biurem|przebywam na urlopie|"
     "przebywam obecnie|przebywam na zwolnieniu|bede nieobecn|do biura wracam|w biurze bede|"
     "podczas mojej nieobecnosci|nie pracuje juz|juz nie pracuje|ta skrzynka nie jest|"
     "ten adres nie jest|adres e-mail jest nieaktywny"},
    {"pl", KIND_PAGE,
     "to jest automatyczna odpowiedz|odpowiedz wygenerowana automatycznie|"
     "jest to automatyczna odpowiedz|ta odpowiedz zostala wygenerowana"},
    {"pl", KIND_POLITE,
     "dziekujemy za wiadomosc|dziekujemy za przeslanie|dziekujemy za kontakt|"
     "dziekuje za wiadomosc|dziekuje za kontakt|otrzymalismy twoja|otrzymalismy panstwa|"
     "potwierdzamy otrzymanie|twoje zgloszenie|urlop"},
    {"pl", KIND_MACHINE,
     "wiadomosc wygenerowana automatycznie|wiadomosc zostala wygenerowana automatycznie|"
     "to jest automatyczna wiadomosc|nie odpowiadac na te|nie odpowiadaj na te"},
    {"cs", KIND_SUBJECT_START, "automaticka reakce|mimo kancelar|nepritomnost|jsem na dovolene"},
    {"cs", KIND_SUBJECT, "automaticka odpoved|oznameni o nepritomnosti"},
    {"cs", KIND_OPENING,
     "jsem na dovolene|jsem mimo kancelar|jsem nepritom|nejsem v kancelari|nejsem pritom|"
     "momentalne nejsem|budu mimo kancelar|budu na dovolene|po dobu me nepritomnosti|"
     "jiz nepracuje|uz nepracuje|tato adresa jiz neni|tato e-mailova adresa jiz"},
    {"cs", KIND_PAGE,
     "toto je automaticka odpoved|automaticky generovana odpoved|automaticky vygenerovana odpoved"},
    {"cs", KIND_POLITE,
     "dekuji za vas e-mail|dekuji za vasi zpravu|dekujeme za vas e-mail|dekujeme za vasi zpravu|"
     "dekujeme za zpravu|dekujeme za vas dotaz|obdrzeli jsme|vas pozadavek byl|dovolena"},
    {"cs", KIND_MACHINE,
     "toto je automaticka zprava|tato zprava byla vygenerovana automaticky|"
     "automaticky generovana zprava|neodpovidejte na tento"},
    {"sk", KIND_SUBJECT_START, "mimo kancelarie|som na dovolenke"},
    {"sk", KIND_OPENING,
     "som na dovolenke|som mimo kancelarie|nie som v kancelarii|momentalne nie som"},
    {"sk", KIND_POLITE, "dakujem za vas e-mail|dakujeme za vasu spravu|dakujeme za vas|dovolenka"},
    {"sk", KIND_MACHINE, "toto je automaticka sprava"},
    {"hu", KIND_SUBJECT_START, "hazon kivul|tavollet|szabadsagon"},
    {"hu", KIND_SUBJECT, "automatikus valasz"},
    {"hu", KIND_OPENING,
     "szabadsagon vagyok|szabadsagon leszek|hazon kivul vagyok|nem vagyok az irodaban|"
     "nem tartozkodom|tavol vagyok|mar nem dolgozik|tavolletemben"},
    {"hu", KIND_PAGE,
     "ez egy automatikus valasz|automatikusan generalt valasz|ez automatikus valasz"},
    {"hu", KIND_POLITE,
     "koszonjuk levelet|koszonjuk megkereseset|koszonom levelet|koszonjuk uzenetet"},
    {"hu", KIND_MACHINE, "ez egy automatikus uzenet|automatikusan generalt uzenet"},
    {"ro", KIND_SUBJECT_START, "in afara biroului|absent din birou"},
    {"ro", KIND_SUBJECT, "raspuns automat"},
    {"ro", KIND_OPENING,
     "sunt in concediu|nu sunt la birou|sunt plecat|ma aflu in concediu|voi fi in concediu|"
     "lipsesc din birou|nu mai lucreaza"},
    {"ro", KIND_PAGE, "acesta este un raspuns automat|raspuns generat automat"},
    {"ro", KIND_POLITE,
     "va multumim pentru mesaj|va multumesc pentru mesaj|multumim pentru mesaj|am primit mesajul"},
    {"ro", KIND_MACHINE, "acesta este un mesaj automat|mesaj generat automat"},
    {"ru", KIND_SUBJECT_START,
     "автоматическое уведомление об отсутствии|нет на месте|я в отпуске|"
     "отсутствие на рабочем месте"},
    {"ru", KIND_SUBJECT, "автоматический ответ|автоответ|вне офиса"},
    {"ru", KIND_OPENING,
     "я в отпуске|нахожусь в отпуске|я буду в отпуске|буду в отпуске|я отсутствую|"
     "меня нет в офисе|буду отсутствовать|отсутствую на рабочем месте|нахожусь в командировке|"
     "во время моего отсутствия|больше не работает|уже не работает|не работает в компании|"
     "в нашей компании больше|этот адрес больше не|данный адрес больше не|"
     "этот почтовый ящик больше"},
    {"ru", KIND_PAGE,
     "это автоматический ответ|это автоответ|данный ответ сформирован автоматически|"
     "автоматически сгенерированный ответ|этот ответ отправлен автоматически"},
    {"ru", KIND_POLITE,
     "спасибо за ваше письмо|спасибо за письмо|спасибо за ваше сообщение|спасибо за обращение|"
     "спасибо за ваше обращение|благодарим за обращение|благодарим вас за|ваше письмо получено|"
     "ваше сообщение получено|мы получили ваше|мы получили ваш|ваше обращение принято|"
     "ваше обращение получено|ваше обращение зарегистрировано|ваш запрос принят|"
     "ваш запрос получен|ваш запрос зарегистрирован|отпуск|отсутствую"},
    {"ru", KIND_MACHINE,
     "это автоматическое сообщение|письмо сформировано автоматически|"
     "сообщение сформировано автоматически|создано автоматически|сгенерировано автоматически|"
     "не отвечайте на это|отвечать на него не"},
    {"uk", KIND_SUBJECT_START, "я у відпустці|поза офісом"},
    {"uk", KIND_SUBJECT, "автоматична відповідь|автовідповідь"},
    {"uk", KIND_OPENING, "я у відпустці|перебуваю у відпустці|мене немає в офісі|більше не працює"},
    {"uk", KIND_PAGE, "це автоматична відповідь"},
    {"uk", KIND_POLITE,
     "дякуємо за ваш лист|дякуємо за звернення|дякую за лист|ваше звернення отримано"},
    {"uk", KIND_MACHINE, "це автоматичне повідомлення"},
    {"bg", KIND_SUBJECT_START, "извън офиса"},
    {"bg", KIND_SUBJECT, "автоматичен отговор"},
    {"bg", KIND_OPENING, "в отпуск съм|аз съм в отпуск|извън офиса съм|вече не работи"},
    {"bg", KIND_PAGE, "това е автоматичен отговор"},
    {"bg", KIND_POLITE, "благодаря за вашето|благодарим ви за|отсъствие"},
    {"bg", KIND_MACHINE, "това е автоматично съобщение"},
    {"el", KIND_SUBJECT_START, "εκτοσ γραφειου"},
    {"el", KIND_SUBJECT, "αυτοματη απαντηση"},
    {"el", KIND_OPENING,
     "ειμαι εκτοσ γραφειου|βρισκομαι εκτοσ|απουσιαζω|θα απουσιαζω|ειμαι σε αδεια|"
     "δεν εργαζεται πλεον"},
    {"el", KIND_PAGE, "αυτη ειναι μια αυτοματη απαντηση|αυτοματη απαντηση"},
    {"el", KIND_POLITE,
     "ευχαριστουμε για το μηνυμα|ευχαριστω για το μηνυμα|ευχαριστουμε για την επικοινωνια|"
     "λαβαμε το μηνυμα|απουσια"},
    {"el", KIND_MACHINE, "αυτο ειναι ενα αυτοματο|αυτοματοποιημενο μηνυμα"},
    {"tr", KIND_SUBJECT_START, "ofis disinda|ofis disi|izindeyim|tatildeyim"},
    {"tr", KIND_SUBJECT, "otomatik yanit|otomatik cevap"},
    {"tr", KIND_OPENING,
     "ofis disindayim|su anda ofis disinda|ofiste degilim|izindeyim|yillik izindeyim|"
     "izinde olacagim|tatildeyim|artik calismamaktadir|artik calismiyor|"
     "sirketimizden ayrilmistir|gorevinden ayrilmistir|bu e-posta adresi artik|bu adres artik"},
    {"tr", KIND_PAGE,
     "bu otomatik bir yanittir|bu bir otomatik yanittir|bu otomatik bir cevaptir|"
     "bu bir otomatik cevaptir|otomatik olarak olusturulan bir yanit"},
    {"tr", KIND_POLITE,
     "e-postaniz icin tesekkur|mesajiniz icin tesekkur|iletiniz icin tesekkur|"
     "mesajiniz alinmistir|e-postaniz alinmistir|talebiniz alinmistir|"
     "bizimle iletisime gectiginiz|yillik izin"},
    {"tr", KIND_MACHINE,
     "bu e-posta otomatik olarak|bu mesaj otomatik olarak|bu ileti otomatik olarak|"
     "yanitlamayiniz|cevaplamayiniz"},
    {"lv", KIND_SUBJECT_START, "arpus biroja"},
    {"lv", KIND_SUBJECT, "automatiska atbilde"},
    {"lv", KIND_OPENING, "esmu atvalinajuma|neesmu biroja|esmu arpus biroja|vairs nestrada"},
    {"lv", KIND_PAGE, "si ir automatiska atbilde"},
    {"lv", KIND_POLITE, "paldies par jusu|paldies par vestuli"},
    {"lv", KIND_MACHINE, "sis ir automatisk"},
    {"lt", KIND_SUBJECT_START, "nesu biure"},
    {"lt", KIND_SUBJECT, "automatinis atsakymas"},
    {"lt", KIND_OPENING, "esu atostogose|atostogauju|nesu biure|nebedirba"},
    {"lt", KIND_PAGE, "tai automatinis atsakymas|tai yra automatinis atsakymas"},
    {"lt", KIND_POLITE, "dekojame uz jusu|aciu uz jusu"},
    {"lt", KIND_MACHINE, "tai automatinis pranesimas"},
    {"et", KIND_SUBJECT_START, "kontorist valjas"},
    {"et", KIND_SUBJECT, "automaatvastus"},
    {"et", KIND_OPENING, "olen puhkusel|viibin puhkusel|olen kontorist|ei toota enam"},
    {"et", KIND_PAGE, "see on automaatvastus|see on automaatne vastus"},
    {"et", KIND_POLITE, "taname kirja|taname teid|oleme teie kirja|puhkus"},
    {"et", KIND_MACHINE, "see on automaatne"},
    {"hr", KIND_SUBJECT_START, "izvan ureda|na godisnjem"},
    {"hr", KIND_SUBJECT, "automatski odgovor"},
    {"hr", KIND_OPENING,
     "na godisnjem sam|odsutan sam|odsutna sam|nisam u uredu|trenutno nisam|vise ne radi"},
    {"hr", KIND_PAGE, "ovo je automatski odgovor"},
    {"hr", KIND_POLITE, "hvala na vasoj poruci|hvala vam na|zahvaljujemo na|zaprimili smo|odsutan"},
    {"hr", KIND_MACHINE, "ovo je automatska poruka"},
    {"sr", KIND_SUBJECT, "аутоматски одговор"},
    {"sr", KIND_OPENING, "на одмору сам|нисам у канцеларији"},
    {"sr", KIND_PAGE, "ово је аутоматски одговор"},
    {"sl", KIND_SUBJECT_START, "odsotnost|odsoten"},
    {"sl", KIND_SUBJECT, "samodejni odgovor|samodejno sporocilo"},
    {"sl", KIND_OPENING, "sem na dopustu|na dopustu sem|nisem v pisarni|ni vec zaposlen"},
    {"sl", KIND_PAGE, "to je samodejni odgovor"},
    {"sl", KIND_POLITE, "hvala za vase sporocilo"},
    {"sl", KIND_MACHINE, "to je samodejno"},
    {"ca", KIND_SUBJECT_START, "fora de l'oficina"},
    {"ca", KIND_OPENING, "soc fora de l'oficina|estic de vacances|ja no treballa"},
    {"ca", KIND_PAGE, "aquesta es una resposta automatica"},
    {"ca", KIND_POLITE, "gracies pel seu missatge|hem rebut el"},
    {"he", KIND_SUBJECT_START, "תגובה אוטומטית"},
    {"he", KIND_SUBJECT, "מענה אוטומטי|תשובה אוטומטית|מחוץ למשרד"},
    {"he", KIND_OPENING,
     "אני מחוץ למשרד|אני נמצא בחופשה|אני נמצאת בחופשה|אני בחופשה|לא עובד יותר|אינו עובד עוד"},
    {"he", KIND_PAGE, "זוהי תשובה אוטומטית|זהו מענה אוטומטי|זוהי הודעה אוטומטית"},
    {"he", KIND_POLITE, "תודה על פנייתך|תודה על פנייתכם|פנייתך התקבלה"},
    {"ar", KIND_SUBJECT_START, "الرد التلقائي"},
    {"ar", KIND_SUBJECT, "رد تلقائي|خارج المكتب"},
    {"ar", KIND_OPENING, "أنا خارج المكتب|أنا في إجازة|خارج المكتب حتى|لم يعد يعمل"},
    {"ar", KIND_PAGE, "هذا رد تلقائي|هذه رسالة آلية"},
    {"ar", KIND_POLITE, "شكرا لرسالتك|شكراً لرسالتك|شكرا لتواصلك|شكراً لتواصلك"},
    {"ja", KIND_SUBJECT_START, "不在のお知らせ|不在のため|不在です"},
    {"ja", KIND_SUBJECT, "自動応答|自動返信|自動回答|不在通知"},
    {"ja", KIND_OPENING,
     "不在にしております|不在にして|不在のため|不在です|不在となります|休暇を取|休暇をいただ|"
     "出張中|出張のため|外出しており|お休みをいただ|退職いたしました|退職しました|退職致しました|"
     "このメールアドレスは使用されて|このメールアドレスは現在使用|メールアドレスが変わりました|"
     "メールアドレスを変更"},
    {"ja", KIND_PAGE, "自動返信|自動応答|自動的に返信|自動回答|自動でお返事"},
    {"ja", KIND_POLITE,
     "お問い合わせありがとう|お問合せありがとう|お問い合わせいただき|お問い合わせを受け付け|"
     "メールありがとう|メールをいただき|ご連絡ありがとう|ご連絡いただき|受け付けました|"
     "受付いたしました|受信いたしました|自動受付|休暇のお知らせ|休暇中|退職のお知らせ|"
     "休業のお知らせ|夏季休業|年末年始休業|休業させて|休業とさせて"},
    {"ja", KIND_MACHINE,
     "自動送信|自動配信|自動的に送信|送信専用|返信はできません|返信いただいても"},
    {"zh", KIND_SUBJECT_START, "外出通知|不在办公室|不在辦公室|休假通知|正在休假"},
    {"zh", KIND_SUBJECT, "自动回复|自动答复|自動回覆|自動答覆|自動回復"},
    {"zh", KIND_OPENING,
     "我正在休假|我在休假|正在休假|我现在不在|我目前不在|我目前外出|不在办公室|不在辦公室|"
     "正在出差|外出期间|已离职|已經離職|已離職|已经离职|不再使用此邮箱|此邮箱已停用|"
     "此邮箱不再使用|邮箱已更换|請假中"},
    {"zh", KIND_PAGE,
     "这是一封自动回复|这是自动回复|此为自动回复|此邮件为自动回复|自动回复邮件|系统自动回复|"
     "這是自動回覆|此為自動回覆|系統自動回覆|自动回复"},
    {"zh", KIND_POLITE,
     "您的来信|您的邮件已收到|已收到您的|已经收到您的|收到您的邮件|收到您的来信|您的來信|"
     "感謝您的來信|感谢您的来信|来信已收到|信件已收到|邮件已收到|已收到你的|收到你的邮件|"
     "來信收到|休假中|出差中|度假"},
    {"zh", KIND_MACHINE, "系统自动|系統自動|自动发送|自動發送|请勿回复|請勿回覆|请勿直接回复"},
    {"ko", KIND_SUBJECT_START, "자동 답장|부재 중|휴가중|휴가 중"},
    {"ko", KIND_SUBJECT, "자동 회신|자동회신|자동 응답|자동응답|부재중"},
    {"ko", KIND_OPENING,
     "부재중입니다|부재 중입니다|부재중이오니|휴가 중입니다|휴가중입니다|휴가 중이|출장 중입니다|"
     "출장중입니다|자리를 비웠|자리를 비우|퇴사하였|퇴사했|퇴직하였|더 이상 근무하지|"
     "더 이상 사용하지 않는 메일|더 이상 사용되지 않는 메일"},
    {"ko", KIND_PAGE, "자동 회신|자동회신|자동 응답|자동응답|자동으로 회신|자동 답장"},
    {"ko", KIND_POLITE,
     "메일을 보내 주셔서 감사|메일을 보내주셔서 감사|메일 잘 받았|문의해 주셔서 감사|"
     "문의하신 내용이 접수|문의가 접수|접수되었습니다|연락 주셔서 감사|메일이 접수"},
    {"ko", KIND_MACHINE, "발신 전용|발신전용|자동으로 발송|자동 발송"},
    {"vi", KIND_SUBJECT, "trả lời tự dộng"},
    {"vi", KIND_OPENING,
     "toi dang nghỉ phep|toi khong co mặt tại van phong|toi vắng mặt|khong con lam việc"},
    {"vi", KIND_PAGE,
     "day la thư trả lời tự dộng|day la email tự dộng|day la tin nhắn trả lời tự dộng"},
    {"vi", KIND_POLITE, "cảm ơn bạn da lien hệ|cảm ơn quy khach|chung toi da nhận dược|vắng mặt"},
    {"th", KIND_SUBJECT_START, "ไม่อยู่ที่สำนักงาน"},
    {"th", KIND_SUBJECT, "ตอบกลับอัตโนมัติ"},
    {"th", KIND_OPENING, "อยู่ระหว่างลาพักร้อน|ลาพักร้อน|ไม่อยู่ที่สำนักงาน"},
    {"th", KIND_PAGE, "นี่คือการตอบกลับอัตโนมัติ|ข้อความตอบกลับอัตโนมัติ"},
    {"th", KIND_POLITE, "ขอบคุณที่ติดต่อ|ขอบคุณสำหรับอีเมล"},
    {"id", KIND_SUBJECT_START, "jawaban otomatis|di luar kantor"},
    {"id", KIND_SUBJECT, "balasan otomatis"},
    {"id", KIND_OPENING,
     "saya sedang cuti|saya sedang tidak berada di kantor|saya sedang berada di luar kantor|"
     "tidak lagi bekerja"},
    {"id", KIND_PAGE, "ini adalah balasan otomatis|ini adalah pesan otomatis"},
    {"id", KIND_POLITE,
     "terima kasih atas email|terima kasih telah menghubungi|terima kasih atas pesan|"
     "kami telah menerima"},
};

const size_t auto_reply_phrase_rows = sizeof auto_reply_phrases / sizeof *auto_reply_phrases;
