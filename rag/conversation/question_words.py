"""Words of questions by what they do: which may be verbs, which nouns lean on another, which bring in something new."""

from __future__ import annotations

from rag.facts.wording import stem

DETERMINERS = frozenset("the a an this that these those my your our his her its their".split())
DEFINITE = frozenset("the this that these those".split())
PREPOSITIONS = frozenset(
    "about against at between by for from in of on over to toward towards under with without".split()
)
JOINS = frozenset("against between for from in of on over to with".split())
BE = frozenset("is are was were be been being has have had".split())
MODALS = frozenset("do does did can could will would should may might must shall".split())
HELPING = BE | MODALS
ASKING = frozenset("what which who whom whose when where why how".split())
NEW_CLAUSE = ASKING | frozenset("that if because while whereas although it they he she we you i".split())
ASIDE = frozenset(
    """ah awesome cool cheers course dear fine guess hello hey hi hmm interesting kindly let lol me mind nice oh ok okay perfect
    please question right see sorry sure thank thanks true wait well wonder wondering wow yeah yep i'm i've i'd i'll""".split()
)
VERBS = frozenset(
    stem(word)
    for word in """abandon abolish accuse act admit adopt affect agree aim allow announce answer appear apply argue arrive ask attack attend avoid beat begin believe belong
    break bring build buy call carry catch cause change choose claim collapse come comment compare compete complete consist contain
    continue contribute control cost count create cure cut damage deal decide decline decrease define deliver demand deny depend
    describe destroy detect determine develop die differ disagree disappear discover discuss divide drink drive drop earn eat elect
    employ enable end enjoy enter establish evolve exist expect explain face fail fall feel fight fill find finish fit fix fly
    follow forget function gain get give go grow handle happen have hear help hit hold host hurt identify improve include
    increase indicate influence interact introduce invent invest involve join keep kill know last launch lead learn leave like
    list live look lose maintain make manage matter mean measure meet mention move name need occur offer open operate originate own pass
    pay perform plan play pledge prefer prepare prevent produce promise protect provide publish put raise reach react read receive
    recommend reduce refer refuse reject release rely remain remember remove repair replace reply report represent require resign respond
    return rise run say seek seem sell send serve set shoot show sign sleep solve speak spend spread stand start stay steal
    stop study succeed suffer suggest support survive take talk taste teach tell think throw travel treat try turn understand
    use visit vote
    appoint approve arrest back ban block bomb cancel capture cite clash condemn confirm conquer consider construct convict criticise
    criticize declare defeat defend delay deploy deport design detain dismiss emerge enforce escape evacuate expand expel extend fail
    finance flee fund govern grant guarantee halt harm hire import impose injure insist inspire install invade investigate issue judge
    justify lack lift locate mediate merge migrate monitor murder negotiate obtain oppose order organise organize overthrow owe
    participate postpone praise predict prove pull punish purchase push quit raid ratify rebuild recover regulate reopen request
    rescue resolve restore restrict resume retire retreat reveal rule sail save settle shrink shut sink split strike surrender suspect
    suspend target test threaten trade train transfer translate trigger urge veto violate withdraw witness wait walk want warn watch wear win work worry write""".split()
)
PASTS = frozenset(
    """ate became born began begun bought broke broken brought built came caught chose chosen dealt died drank drove fallen fell felt flew flown
    forgot fought found gave given gone got grew grown heard held kept knew known lied led left lost made meant met paid ran rose said
    sang sat saw seen sent shot shown slept sold spent spoke spoken stole stolen stood struck taken taught thought threw tied told took
    understood used went woke won wore wrote written""".split()
)
LEANING_NOUNS = frozenset(
    stem(word)
    for word in """advantage age alternative amount answer area argument aspect attempt background benefit capital career case
    cause challenge characteristic choice component con concern condition consequence cost country cure cycle danger date day death
    decision definition demand detail diagnosis difference disadvantage downside drawback duration effect effort end evidence example
    experience fact factor failure feature figure form function future goal half height history hour idea impact importance
    information issue kind length life limit location man meaning member method minute money month name need number one opinion
    option origin outcome outlook part past people percentage person place plan point population position possibility price problem
    process pro prognosis progress proof pros property purpose rate reaction reason relationship relevance requirement response
    result risk role rule share side sign significance similarity size solution sort source stage statistic status step
    story strategy style success summary survivor symptom technique term thing threat time treatment trend type use value
    variety version victim view way week weight woman word work world year""".split()
)
LEANING_ADJECTIVES = frozenset(
    stem(word)
    for word in """able actual alternative available average bad bad best better big biggest cheap cheaper cheapest clear close common current
    dangerous deep different difficult early easier easiest easy effective enough exact expensive famous fast faster final full
    general global good great greatest hard harder healthier healthy high higher highest important interested known large
    larger largest last late latter least less likely local long longer longest low lower lowest main major modern natural necessary new next notable old
    older oldest original other overall popular positive negative possible previous rare real recent relevant safe safer same second serious
    severe short significant similar simple small smaller smallest specific strong stronger sure tall third total true typical
    usual various well worse worst worth wrong young""".split()
)
TELLING = frozenset(
    "compare define describe discuss explain find give list name say show summarise summarize tell".split()
)
RANKS = frozenset("first former last latter next other own same second third".split())
COMPARING = frozenset(
    "better bigger cheaper easier faster harder healthier higher larger longer lower older safer smaller stronger taller worse".split()
)
INTRODUCING = frozenset("which what many much any some more few another other there".split())
PERSONS = frozenset(
    stem(word)
    for word in """actor actress ambassador author boy candidate captain chairman chairwoman chief coach commander commissioner composer
    director doctor emperor engineer envoy founder general girl governor inventor judge king leader man manager mayor minister
    officer owner painter person player poet pope president prince princess queen scientist secretary senator singer spokesman
    spokesperson spokeswoman teacher woman writer""".split()
)
FEMALE = frozenset("she her hers herself".split())
ONLY_ONES = frozenset("earth internet moon ocean planet sea sky sun universe web weather".split())
ADJECTIVE_ENDS = ("al", "ic", "iv", "ous", "ary", "abl", "ibl")  # of stems
PLURALS = frozenset("children feet men mice people police teeth women media data".split())
