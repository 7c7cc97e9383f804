//! What things and people are called.

pub(super) const THINGS: [(&str, &str, i64); 24] = [
    ("Mug", "Stoneware, 330 ml, for the dishwasher.", 1290),
    ("Teapot", "Cast iron with a sieve, 1.2 l.", 4990),
    ("Kettle", "Stainless steel, with a thermometer in the lid.", 6490),
    ("Bowl", "Turned from one piece of ash, oiled.", 2890),
    ("Bread knife", "Serrated, 21 cm, with a walnut handle.", 3990),
    ("Chopping board", "Beech, end grain, 40 by 30 cm.", 5490),
    ("Apron", "Washed linen with two pockets.", 3490),
    ("Tea towel", "Half linen, woven, 50 by 70 cm.", 990),
    ("Coffee grinder", "By hand, conical burrs of steel.", 8990),
    ("Filter papers", "Unbleached, a hundred of them.", 490),
    ("Espresso beans", "Dark, from a roaster round the corner, 500 g.", 1450),
    ("Green tea", "Sencha of the first harvest, 100 g.", 1190),
    ("Candle", "Beeswax, burns for twenty hours.", 1690),
    ("Lamp", "A shade of paper, a foot of oak.", 11900),
    ("Blanket", "Merino, 140 by 200 cm.", 12900),
    ("Cushion", "Wool outside, spelt inside.", 4490),
    ("Notebook", "Thread-sewn, 160 pages, dotted.", 1490),
    ("Pencil", "Cedar, HB; the better ones are sharpened by hand.", 190),
    ("Fountain pen", "Piston filler with a steel nib.", 9900),
    ("Ink", "Blue-black, 50 ml, fast to light.", 1350),
    ("Backpack", "Waxed canvas, 18 l, mended for free.", 13900),
    ("Umbrella", "Fourteen ribs that a storm does not impress.", 5900),
    ("Scarf", "Lambswool, woven in a broken twill.", 6900),
    ("Gloves", "Deerskin, unlined, sewn inside out.", 7900),
];

pub(super) const LOOKS: [&str; 12] = [
    "plain", "oat", "charcoal", "moss", "rust", "indigo", "sand", "slate", "cherry", "petrol",
    "saffron", "chalk",
];

pub(super) const FIRST_NAMES: [&str; 24] = [
    "Ada", "Björn", "Chloé", "Dario", "Edith", "Fatima", "Grace", "Hugo", "Inès", "Jonas", "Katja",
    "Leon", "Maja", "Noor", "Olga", "Paul", "Quentin", "Rosa", "Selim", "Tove", "Uli", "Vera",
    "Wim", "Zoë",
];

pub(super) const LAST_NAMES: [&str; 20] = [
    "Albrecht",
    "Bauer",
    "Costa",
    "Dupont",
    "Eriksen",
    "Fischer",
    "Gruber",
    "Huber",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petit",
    "Rossi",
    "Schmidt",
    "Tanaka",
    "Weber",
];

/// Country, city, postcode, street.
pub(super) const PLACES: [(&str, &str, &str, &str); 8] = [
    ("DE", "Berlin", "10119", "Torstraße"),
    ("DE", "Hamburg", "20357", "Schanzenstraße"),
    ("DE", "Leipzig", "04229", "Karl-Heine-Straße"),
    ("AT", "Wien", "1070", "Neubaugasse"),
    ("AT", "Graz", "8010", "Sporgasse"),
    ("FR", "Lyon", "69001", "Rue de la Martinière"),
    ("FR", "Nantes", "44000", "Rue Kervégan"),
    ("NL", "Utrecht", "3511", "Oudegracht"),
];

/// Country and its tax in percent.
pub(super) const TAXES: [(&str, u16); 4] = [("DE", 19), ("AT", 20), ("FR", 20), ("NL", 21)];
