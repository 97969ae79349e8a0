//! The word lists: groups of similar meaning, verbs, stop words, phrasal verbs. General English and the English of APIs.

use crate::words::Act;

/// Words of similar meaning, one group a line. A word may be in several groups.
pub(crate) const GROUPS: &[&str] = &[
    "create add register make insert new",
    "update modify change edit adjust revise alter amend refresh",
    "delete remove cancel discard erase revoke destroy",
    "list all enumerate overview catalog",
    "search find lookup seek discover explore",
    "submit send upload provide post",
    "save write store put upload",
    "start launch begin run boot spawn activate initiate trigger",
    "stop halt terminate end shut kill deactivate",
    "login authenticate authorize session",
    "schedule plan book reserve reservation booking appointment",
    "assign allocate allocation assignment distribute",
    "calculate compute estimate evaluate assess calculation estimation evaluation assessment",
    "predict forecast projection prediction future predictive",
    "analyze analysis analytics insight statistic trend metric",
    "compare comparison comparative versus",
    "configure configuration setting setup preference customize parameter",
    "validate verify validation verification",
    "recommend suggest recommendation suggestion advice guidance",
    "generate produce compile",
    "monitor track tracking monitoring observe",
    "alert notification warning notify reminder",
    "pay payment charge",
    "buy purchase order",
    "ship shipping shipment deliver delivery dispatch",
    "image photo picture poster logo cover look avatar icon",
    "customer client buyer shopper",
    "user account member",
    "person people human individual",
    "cast actor actress star crew director direct credit starring role appearance",
    "company firm organization organisation business enterprise studio",
    "movie film",
    "tv show series television program programme",
    "review comment feedback opinion",
    "rate rating score vote",
    "popular trending trend",
    "latest newest recent",
    "product item article goods",
    "price cost fee amount expense",
    "cart basket",
    "document file content",
    "upload download file",
    "employee worker staff personnel workforce",
    "training course lesson learning",
    "inventory stock",
    "vehicle car automobile truck",
    "location address place site venue where",
    "detail information info data profile",
    "report summary",
    "status state condition health",
    "history log record historical past",
    "identifier id",
    "birth born birthday",
    "doctor physician practitioner clinician",
    "issue incident problem fault defect",
    "similar alike related resemble",
    "release premiere publish launch",
    "delivery route transport transit logistics",
    "message notification mail email",
    "compliance regulation regulatory regulation legal",
    "maintenance repair service",
    "guideline instruction documentation guide manual",
    "efficiency optimization optimize optimise optimal improve improvement",
    "worldwide global international",
    "daily day today",
    "weekly week",
    "theater theatre cinema playing",
];

/// Verbs that ask for something, by what they ask for.
pub(crate) const VERBS: &[(Act, &str)] = &[
    (
        Act::Read,
        "get retrieve fetch read obtain view show access list search find look check see display give tell return query browse \
         inspect examine monitor track download gather collect explore review access identify discover consult know want need \
         load pull acquire observe determine analyze analyse compare evaluate assess investigate verify receive learn confirm \
         understand count lookup view enumerate watch",
    ),
    (
        Act::Create,
        "create add register make insert submit post open place book reserve order upload write save put enroll enrol subscribe \
         file log record issue buy purchase schedule generate request report provide publish new sign invite compose draft \
         build establish set configure define input store share grant attach upload contribute introduce send initiate",
    ),
    (
        Act::Update,
        "update modify change edit adjust revise alter rename replace set configure move assign approve confirm mark reschedule \
         customize personalize extend increase decrease refresh correct amend upgrade enable disable activate deactivate calibrate \
         optimize optimise implement manage restore put integrate link",
    ),
    (
        Act::Delete,
        "delete remove cancel discard drop erase revoke destroy unsubscribe clear stop terminate unregister deregister purge kill \
         withdraw detach eliminate",
    ),
    (
        Act::Perform,
        "start launch run execute trigger perform pay charge ship deliver dispatch calculate compute estimate predict forecast \
         validate simulate process send notify check allocate authenticate login logout convert translate recommend suggest \
         plan conduct apply test restart refund capture authorise authorize complete finish close accept reject decline \
         initiate begin wait compare expect ensure carry use prepare",
    ),
];

/// Verbs of reading that say nothing about what is read.
pub(crate) const READ_VERBS: &str =
    "get retrieve fetch read obtain view show access give tell return display see want need know look check receive";

/// Words that are verbs only where an object with a determiner follows: mostly nouns.
pub(crate) const NOUN_OR_VERB: &str = "schedule update report review plan track order book log record file issue share request query \
     list search check test process charge ship post store place link view access change estimate forecast monitor run use open \
     set sign draft input upload download display return need want look show start stop close increase decrease upgrade approach \
     purchase build load pull watch count refund project document target contact register market guide survey benchmark design \
     study support drop transfer mark move name result impact release supply demand stock cost trade use control";

/// Words that carry no meaning of their own for choosing an operation.
pub(crate) const STOP: &str = "a an the this that these those some any each every both either neither no not of in on at to for from with without by \
     about as into onto over under between among through during before after above below up down out off than then so such also too \
     very just only own same again and or but nor if else while when where which who whom whose what why how is are was were be been \
     being am do does did doing done dose have has had having can could will would shall should may might must i me my mine myself we us our \
     ours you your yours he him his himself she her hers herself it its itself they them their theirs one ones there here please \
     there's let lets like such more most much many few less least several additionally furthermore finally next first second third \
     fourth fifth last once lastly simultaneously subsequently moreover meanwhile alongside along per via using use used based including include \
     includes included containing contains given giving specific specified particular certain various different other another \
     ensure ensuring ensures allow allows enable enables help helps need needs want wants would-be able well etc eg ie within across \
     towards toward against upon regarding concerning relating according due because since until unless whether also back away \
     give tell me get retrieve fetch obtain see know want wants need needs access want's going having want i'm i'd i'll i've we'd we're \
     we've it's that's who's what's he's she's they're don't didn't doesn't can't cannot won't isn't aren't wasn't weren't \
     total number many exist existing available associated related required necessary relevant appropriate desired corresponding \
     any all new-found make sure kind type-of belong belongs belonging right now time whole entire overall comprehensive detailed \
     unique identified further additional upcoming-and potential effectively efficiently accordingly together respectively \
     called named titled retrieving fetching obtaining accessing getting viewing";

/// Phrasal verbs and what they stand for.
pub(crate) const PHRASES: &[(&str, &str)] = &[
    ("log in", "login"),
    ("log into", "login"),
    ("logs in", "login"),
    ("log out", "logout"),
    ("sign in", "login"),
    ("sign up", "register"),
    ("signs up", "register"),
    ("look up", "lookup"),
    ("looks up", "lookup"),
    ("set up", "configure"),
    ("sets up", "configure"),
    ("setting up", "configure"),
    ("take away", "delete"),
    ("takes away", "delete"),
    ("take it away", "delete it"),
    ("get rid of", "delete"),
    ("take it out of", "delete it from"),
    ("takes it out of", "delete it from"),
    ("throw away", "delete"),
    ("throw it away", "delete it"),
    ("put back", "restore"),
    ("puts back", "restore"),
    ("shut down", "stop"),
    ("check out", "checkout"),
    ("checks out", "checkout"),
    ("find out", "find"),
    ("carry out", "perform"),
    ("keep track of", "track"),
    ("read back", "read"),
    ("reads back", "read"),
    ("read it back", "read it"),
    ("reads it back", "read it"),
    ("in order to", "to"),
    ("as well as", "and"),
    ("along with", "and"),
    ("together with", "and"),
    ("followed by", "and"),
    ("so that", "to"),
    ("no longer", "not"),
    ("real time", "real-time"),
];
