"""The lands of the demo: names, cities, streets and trades that make customers believable. Text only."""

from typing import NamedTuple


class Land(NamedTuple):
    """`given`, `family` and `trades` may say how they are written in Latin letters, as in `王|wang`."""

    code: str
    language: str
    given: str
    family: str
    trades: str
    cities: str  # city, region, postcode
    streets: str  # `#` is the number


LANDS = [
    Land(
        "GB", "en", "Aisha Oliver Amelia George Harriet Owen Imogen Callum Freya Ravi",
        "Rahman, Whitfield, Hughes, Patel, Sinclair, Ashworth, Okonkwo, Fraser, Bennett, Clarke",
        "Kestrel Health, Harbour Lane Books, Pennine Textiles, Bramley & Co, Tideway Marine, Larkfield Dairy",
        "Leeds, West Yorkshire, LS1 4DY; Bristol, Avon, BS1 5TR; Glasgow, Scotland, G2 1DU; Norwich, Norfolk, NR2 1TF",
        "# Park Row; # Castle Street; # Station Road; # Mill Lane",
    ),
    Land(
        "SE", "sv", "Marta Elias Astrid Nils Freja Oskar Linnea Viktor",
        "Lindqvist, Bergström, Håkansson, Nyberg, Sandström, Ekdahl",
        "Northwind Foods, Björk Möbler, Vättern Vind, Sundqvist Bygg",
        "Göteborg, Västra Götaland, 411 03; Malmö, Skåne, 211 20; Uppsala, Uppsala län, 753 10",
        "Kungsgatan #; Storgatan #; Nygatan #",
    ),
    Land(
        "NO", "nb", "Jonas Ingrid Sindre Maren Håkon Silje",
        "Petersen, Dahl, Solberg, Haugen, Moen, Berge",
        "Fjord Logistics, Dahl Marine, Nordlys Energi",
        "Bergen, Vestland, 5003; Tromsø, Troms, 9008; Oslo, Oslo, 0155",
        "Strandgaten #; Kirkegata #; Bryggen #",
    ),
    Land(
        "DE", "de", "Hannah Lukas Johanna Felix Miriam Matthias Greta Emre",
        "Weiss, Brandt, Schäfer, Vogel, Köhler, Yıldız, Neumann, Albrecht",
        "Weiss & Töchter, Rheinblick Optik, Hansekontor, Alpenmilch Werke, Vogel Maschinenbau",
        "München, Bayern, 80331; Hamburg, Hamburg, 20095; Leipzig, Sachsen, 04109; Köln, Nordrhein-Westfalen, 50667",
        "Lindenstraße #; Marktplatz #; Am Hafen #; Goethestraße #",
    ),
    Land(
        "FR", "fr", "Lucas Camille Théo Manon Baptiste Inès Julien",
        "Martin, Lefèvre, Rousseau, Garnier, Moulin, Benali",
        "Atelier Martin, Maison Garnier, Verrerie du Rhône, Librairie des Quais",
        "Lyon, Auvergne-Rhône-Alpes, 69002; Nantes, Pays de la Loire, 44000; Lille, Hauts-de-France, 59800",
        "# rue de la République; # quai Saint-Antoine; # avenue Foch",
    ),
    Land(
        "ES", "es", "Tomás Lucía Álvaro Carmen Íñigo Nerea",
        "Herrera, Navarro, Iglesias, Etxeberria, Molina, Vidal",
        "Solera Vinos, Navarro Cerámica, Costa Verde Hoteles",
        "Jerez, Andalucía, 11403; Valencia, Comunitat Valenciana, 46002; Bilbao, Euskadi, 48001",
        "Calle Mayor #; Calle Larga #; Paseo del Puerto #",
    ),
    Land(
        "IT", "it", "Elena Matteo Chiara Davide Giulia Lorenzo",
        "Rossi, Ferrari, Conti, Marchetti, Galli, De Luca",
        "Bottega Rossi, Officine Conti, Pastificio Galli",
        "Bologna, Emilia-Romagna, 40121; Torino, Piemonte, 10121; Bari, Puglia, 70121",
        "Via Garibaldi #; Via dell’Indipendenza #; Piazza Maggiore #",
    ),
    Land(
        "CN", "zh", "芳|fang 伟|wei 静|jing 洋|yang 小明|xiaoming 丽娜|lina 建国|jianguo 晓雯|xiaowen",
        "王|wang, 李|li, 陈|chen, 刘|liu, 张|zhang, 赵|zhao, 周|zhou",
        "上海远景科技|yuanjing, 青岛海润|hairun, 苏州智造|zhizao, 深圳微联|weilian, 杭州云栖茶业|yunqi",
        "上海, 上海市, 200001; 青岛, 山东省, 266000; 苏州, 江苏省, 215000; 深圳, 广东省, 518000; 杭州, 浙江省, 310000",
        "人民路#号; 中山路#号; 解放大道#号",
    ),
    Land(
        "JP", "ja", "優希|yuki 健太|kenta 美咲|misaki 大輔|daisuke",
        "田中|tanaka, 佐藤|sato, 鈴木|suzuki, 山本|yamamoto",
        "田中光学|tanaka-optics, 山本製菓|yamamoto-seika",
        "大阪, 大阪府, 530-0001; 京都, 京都府, 600-8001; 札幌, 北海道, 060-0001",
        "中央区本町#; 北区梅田#",
    ),
    Land(
        "IN", "en", "Priya Arjun Meera Rohan Kavya Sanjay",
        "Natarajan, Iyer, Deshmukh, Kapoor, Menon, Reddy",
        "Meridian Textiles, Lotus Pharma, Deccan Spices",
        "Chennai, Tamil Nadu, 600001; Pune, Maharashtra, 411001; Kochi, Kerala, 682001",
        "# Anna Salai; # MG Road; # Temple Street",
    ),
    Land(
        "US", "en", "Maya Ethan Chloe Marcus Grace Diego Naomi Samuel",
        "Brooks, Sullivan, Ramirez, Chen, Whitaker, Osei, Larsen",
        "Blue Mesa Supply, Hudson Yard Goods, Lakeshore Dental, Redwood Outfitters",
        "Portland, OR, 97205; Austin, TX, 78701; Chicago, IL, 60611; Boston, MA, 02108",
        "# Oak Street; # Market Street; # Lincoln Avenue",
    ),
    Land(
        "AU", "en", "Oliver Isla Lachlan Matilda Noah Evie",
        "Grant, Macdonald, Nguyen, Fitzgerald, Marsh, Kaur",
        "Grant Surveying, Coral Coast Charters, Wattle & Pine",
        "Perth, WA, 6000; Cairns, QLD, 4870; Hobart, TAS, 7000",
        "# Hay Street; # Esplanade; # Salamanca Place",
    ),
    Land(
        "NG", "en", "Samuel Chidinma Tunde Ngozi Emeka Folake",
        "Okafor, Adeyemi, Balogun, Eze, Ibrahim, Nwosu",
        "Lagos Grid, Adeyemi Foods, Niger Delta Logistics",
        "Lagos, Lagos, 101241; Abuja, FCT, 900211; Ibadan, Oyo, 200212",
        "# Broad Street; # Allen Avenue; # Ring Road",
    ),
    Land(
        "LB", "ar", "Nadia Karim Rana Elias Maya Tarek",
        "Haddad, Khoury, Nassar, Saab, Mansour",
        "Cedar Air, Khoury Press, Levant Olive",
        "Beirut, Beirut, 1107; Tripoli, North, 1300; Byblos, Mount Lebanon, 4504",
        "Hamra Street #; Rue Gouraud #; Port Road #",
    ),
    Land(
        "BR", "pt", "Beatriz Thiago Larissa Rafael Helena Caio",
        "Almeida, Carvalho, Nogueira, Teixeira, Prado",
        "Café Prado, Carvalho Têxtil, Rio Claro Sementes",
        "Recife, PE, 50030-230; Curitiba, PR, 80020-100; Belo Horizonte, MG, 30130-005",
        "Rua da Aurora #; Avenida Brasil #; Rua XV de Novembro #",
    ),
    Land(
        "ZA", "en", "Thandi Sipho Lerato Pieter Anika Kabelo",
        "Dlamini, Nkosi, van Wyk, Mokoena, Botha",
        "Table Bay Wines, Highveld Motors, Protea Print",
        "Cape Town, Western Cape, 8001; Durban, KwaZulu-Natal, 4001; Pretoria, Gauteng, 0002",
        "# Long Street; # Church Street; # Marine Parade",
    ),
]  # fmt: skip

TITLES = [
    "Head of purchasing",
    "Managing director",
    "Office manager",
    "Buyer",
    "Operations lead",
    "Finance director",
    "Store manager",
    "Marketing lead",
    "IT manager",
    "Founder",
    "Logistics coordinator",
    "Quality engineer",
]
TAGS = [
    "newsletter",
    "wholesale",
    "referral",
    "trade fair",
    "key account",
    "pays late",
    "press",
    "beta",
]
SOURCES = [
    "web form",
    "trade fair",
    "referral",
    "phone",
    "partner",
    "newsletter",
]
NOTES = [
    "Asked for the price list again. Prefers e-mail to the phone.",
    "Met at the fair, interested in the autumn range.",
    "Delivery was two days late; apologised and sent a voucher.",
    "Wants one invoice a month instead of one each order.",
    "New contact in purchasing from next month.",
    "Called about the open invoice, will pay this week.",
    "Very happy with the last order, may be a reference.",
    "Compares us with two others, decides at the end of the month.",
    "Speaks little English; write, do not call.",
    "Opening a second shop in spring, wants to talk about volumes.",
]
TO_DO = [
    "Send the new price list",
    "Call back about the delivery",
    "Arrange a visit",
    "Ask for the signed contract",
    "Check the open invoice",
    "Invite to the spring event",
    "Offer the yearly plan",
    "Send samples",
]
