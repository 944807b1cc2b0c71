"""Given names and how people shorten them. A table, one name a line: full forms before the colon, short ones behind.

Full forms of one line are one name in two languages or spellings ("Михаил Michael"); a short form may stand in several
lines ("Саша" is a man or a woman).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from people.letters import fold

RUSSIAN = """
Александр Alexander: Саша Саня Шура Сашка Санёк Шурик Алекс Alex Alec Sandy Xander Alexandr
Александра Alexandra: Саша Саня Шура Сашенька Алекса Sandra Alex Lexi
Алексей Alexis: Лёша Алёша Лёха Алексейка Лёшка Alex
Алина: Аля Алинка
Алла: Алка Аллочка
Алёна: Алёнка Алёнушка
Альберт Albert: Алик Al Bert
Анастасия Anastasia: Настя Ася Настенька Стася Тася Nastya Stacy
Анатолий: Толя Толик Толян
Ангелина Angelina: Геля Лина Ангелинка Angie
Андрей Andrew: Андрюша Андрюха Дрон Andy Drew Андрейка
Анна Anna Anne Ann: Аня Анечка Нюра Анюта Аннушка Нюша Annie Nan Hannah
Антон Anthony: Тоша Антоша Антоха Tony Ant
Антонина: Тоня Тося
Аркадий: Аркаша Кеша
Арсений: Арсюша Сеня Арс
Артём Артемий: Тёма Тёмка Артёмка
Артур Arthur: Артурчик Art Artie
Богдан: Бодя Даня
Борис: Боря Борька
Вадим: Вадик Дима
Валентин: Валя Валик
Валентина: Валя Валюша
Валерий: Валера Валерка
Валерия Valerie: Лера Валера Val
Варвара Barbara: Варя Варенька Barb Babs
Василий: Вася Васёк Василёк
Вера: Верочка Веруня
Вероника Veronica: Ника Вера Ronnie
Виктор Victor: Витя Витёк Vic
Виктория Victoria: Вика Викуля Тори Vicky Tori
Виталий: Виталик Витя Веталь
Владимир: Вова Володя Вовчик Вовка Влад Вован
Владислав: Влад Владик Слава
Всеволод: Сева Лодя
Вячеслав: Слава Славик
Галина: Галя Галочка Гала
Геннадий: Гена Генка
Георгий George: Гоша Жора Гера Гога Geordie
Герман: Гера
Глеб: Глебушка
Григорий Gregory: Гриша Гришка Greg
Даниил Данила Daniel: Даня Данька Данил Dan Danny
Дарья: Даша Дашенька Дарьюшка Dasha
Денис Dennis: Дэн Дениска Den Denny
Диана Diana: Ди Дианка Di
Дмитрий: Дима Митя Димон Димка Dima
Евгений Eugene: Женя Жека Gene Евген
Евгения Eugenia: Женя Женечка
Егор: Егорка Гоша
Екатерина Catherine Katherine Katharine Kathryn: Катя Катюша Катерина Катенька Kate Katie Kathy Cathy Kat Kitty Kay
Елена Helen: Лена Алёна Леночка Ленка Nell
Елизавета Elizabeth: Лиза Лизавета Liz Lizzie Beth Betty Eliza Lisa Betsy Libby Bess Elsie Lilibet Лизонька
Зинаида: Зина
Зоя: Зойка
Иван: Ваня Ванька Ванюша Vanya
Игорь: Игорёк Гарик Гоша
Илья Elijah: Илюша Илюха Eli
Инна: Инночка
Иннокентий: Кеша
Ирина Irene: Ира Ириша Иришка Irisha
Кирилл Cyril: Кирюша Кира Кирюха
Константин Constantine: Костя Костик Котя
Кристина Christina: Кристя Крис Chris Tina Christine Chrissy Kristy
Ксения Xenia: Ксюша Ксюха Оксана Ксеня
Лариса: Лара Лариска
Лев: Лёва Лёвушка
Леонид Leonard: Лёня Лёнька Leo Len Lenny
Любовь: Люба Любаша
Людмила: Люда Люся Мила Милочка
Максим: Макс Максик Max
Маргарита Margaret: Рита Марго Margo Maggie Meg Peggy Madge Daisy Greta Marge
Марина: Мариша Маришка
Мария Mary Marie: Маша Маня Маруся Машенька Муся Mashka Molly Polly Mae
Матвей Matthew: Мотя Матюша Matt Matty
Михаил Michael: Миша Мишаня Мишка Mike Mick Mickey Mikey Misha
Надежда: Надя Надюша
Наталья Natalie: Наташа Ната Натали Наташка Nat Tasha
Никита: Никитка Ник Nick
Николай Nicholas: Коля Колян Николаша Nick Nicky Nico Колька
Нина: Ниночка
Оксана: Ксюша Оксанка Ксана
Олег: Олежка Олежек
Ольга: Оля Оленька Олечка Olya Лёля
Павел Paul: Паша Павлик Пашка Pasha
Пётр Peter: Петя Петька Петруша Pete
Полина Pauline: Поля Полинка Полиночка
Раиса: Рая
Роман: Рома Ромка Ромчик
Ростислав: Ростик Слава
Руслан: Русик Руся
Савелий: Сава
Светлана: Света Светик Лана
Святослав: Слава Свят
Семён Simon: Сёма Сеня Sy
Сергей Sergius: Серёжа Серёга Серый Сергуня Serge
Снежана: Снежка
Софья Sophia Sophie: Соня Софа Сонечка Sonya Sophy
Станислав Stanislas: Стас Слава Stan
Степан Stephen Steven: Стёпа Стёпка Steve Stevie Ste
Таисия: Тая Тася
Тамара: Тома Тамарочка
Татьяна: Таня Танюша Танечка Tanya
Тимофей Timothy: Тима Тимоша Tim Timmy
Тимур: Тима Тимурка
Ульяна: Уля Ульянка
Фёдор Theodore: Федя Федька Ted Teddy Theo
Филипп Philip: Филя Phil Pip
Эдуард Edward: Эдик Эд Ed Eddie Ned Ted Teddy
Элина: Эля
Эльвира: Эля Эльвирочка
Юлия Julia: Юля Юленька Юляша Jules Julie
Юрий: Юра Юрка Юрик
Яков Jacob James: Яша Jake Jim Jimmy Jamie Jem
Яна: Яночка Янка
Ярослав: Слава Ярик Яра
"""

ENGLISH = """
Abigail: Abby Gail
Abraham: Abe Bram
Alan: Al
Alfred: Alf Fred Al
Amanda: Mandy
Arnold: Arnie
Benjamin: Ben Benny Benji
Bernard: Bernie
Bradley: Brad
Cameron: Cam
Caroline: Carrie Carol Caz
Charles: Charlie Chuck Chas Chip
Charlotte: Lottie Charlie Lotte
Christopher: Chris Topher Kit
Clifford: Cliff
Cynthia: Cindy
David: Dave Davy
Deborah: Debbie Deb
Donald: Don Donny
Dorothy: Dot Dottie Dolly
Douglas: Doug
Edmund: Ed Ned
Eleanor: Ellie Nell Nora Lena
Emily: Em Emmy
Ernest: Ernie
Florence: Flo Flossie
Frances: Fran Frankie
Francis: Frank Frankie
Frederick: Fred Freddie
Gabriel: Gabe
Gerald: Gerry Jerry
Gilbert: Gil Bert
Harold: Harry Hal
Harriet: Hattie
Henry: Harry Hank Hal
Isabella Isabel: Izzy Bella Belle
Jacqueline: Jackie
Janet: Jan
Jeffrey Geoffrey: Jeff Geoff
Jennifer: Jen Jenny
Jeremy: Jerry Jez
Jessica: Jess Jessie
John: Jack Johnny Jon
Jonathan: Jon Jonny
Joseph: Joe Joey Jo
Joshua: Josh
Judith: Judy
Kenneth: Ken Kenny
Kimberly: Kim
Laurence Lawrence: Larry Laurie Lars
Lewis Louis: Lou Louie
Lillian: Lily Lil
Martin: Marty
Melissa: Mel Lissa
Nathaniel Nathan: Nate Nat
Oliver: Ollie
Pamela: Pam
Patricia: Pat Patty Trish Tricia
Patrick: Pat Paddy Rick
Raymond: Ray
Rebecca: Becky Becca
Richard: Dick Rick Richie Rich Ricky
Robert: Bob Rob Bobby Robbie Bert
Roderick: Rod Rick
Ronald: Ron Ronnie
Rosemary: Rose Rosie
Samantha: Sam Sammy
Samuel: Sam Sammy
Sebastian: Seb Bastian
Stuart: Stu
Susan Suzanne: Sue Susie Suzy
Teresa Theresa: Terry Tess Tessa
Terence: Terry
Thomas: Tom Tommy
Vincent: Vince Vinny
Walter: Walt Wally
William: Bill Will Billy Willy Liam
Zachary: Zach Zack
"""

ALONE = """
Аида Аделина Аркадия Арина Асель Айгуль Владлена Гульнара Давид Демид Ева Захар Злата Ильдар Камилла Лилия Лидия Марат
Марк Милана Мирон Рашид Ренат Ринат Рустам Серафим Стефания Тарас Ярослава Эмма Эмиль Юлиан Ahmed Ali Amy Brian Bruce
Carl Claire Colin Craig Eric Erica Gary Glen Grace Graham Hugo Ian Ivy Jane Jason Joan Karen Keith Kevin Kyle Laura
Linda Lucy Luke Mark Mohammed Nancy Neil Nigel Noah Oscar Owen Ralph Roger Ross Ruby Ruth Ryan Sarah Scott Sean Sharon
Shaun Simone Tracey Trevor Wayne Wendy Zoe
"""


def _formals() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in f"{RUSSIAN}{ENGLISH}".strip().splitlines():
        if not line.strip():
            continue
        full, _, short = line.partition(":")
        formal = fold(full.split()[0])
        for word in f"{full} {short}".split():
            found[fold(word)].add(formal)
    for word in ALONE.split():
        found[fold(word)].add(fold(word))
    return {word: frozenset(formals) for word, formals in found.items()}


FORMALS = _formals()
"""A folded given name, full or short -> the names that it may stand for, each by its first full form, folded."""
