"""Questions written for the kinds that public sets of questions lack: about the documents themselves, summaries, tables, lists.

Each is a pattern with {thing}, {document} or {column} to be filled in, and the like. Every fifth pattern of a label is held out to measure on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

DOCUMENTS = (
    "the annual report", "the lease", "the minutes of May", "amendment 3", "the user manual", "the press release", "chapter two", "the contract with Halvorsen",
    "the safety data sheet", "the release notes", "the article on the ferry", "the letter from the bank", "the travel policy", "the quarterly figures",
    "the email thread about the move", "the paper on tidal mills", "the interview", "the guideline", "the incident report", "the tender",
    "this", "it", "this document", "this file", "the pdf", "the spreadsheet", "the attached note", "Harbour plan v2",
)  # fmt: skip
THINGS = (
    "the new bridge", "the merger", "the recall", "overtime", "the vaccine trial", "the outage", "the budget", "parental leave", "the strike", "pump P-4",
    "the north wing", "water quality", "the pension scheme", "the software update", "the warranty", "the exhibition", "the exam", "the fishing quota",
    "visitor numbers", "the heating", "the ferry line", "the new branch", "the apprentices", "the data centre", "the pilot project",
)  # fmt: skip
COLUMNS = (
    "price", "weight", "population", "budget", "revenue", "score", "length", "temperature", "attendance", "capacity", "salary", "deadline", "rate", "power",
)  # fmt: skip
ROWS = (
    "model X200", "March", "Lindholm", "the second quarter", "2023", "team B", "Oslo", "item 17", "the night shift", "grade 4", "the small room", "line 6",
)  # fmt: skip

PATTERNS: dict[str, str] = {
    "about:author": """
who wrote {document}?|who is the author of {document}?|Who signed {document}|author of {document}|By whom was {document} written?|whose article is {document}
Which journalist wrote about {thing}?|Who is the writer of the piece on {thing}?|who authored {document}?|Tell me the author of {document}.|who sent {document}?
Who is {document} by?|name of the author of {document}|Which reporter is behind the story about {thing}?|Who drafted {document}?|from whom is {document}
""",
    "about:published": """
when was {document} published?|What is the date of {document}?|When did {document} come out?|publication date of {document}|What date is on {document}?
How old is {document}?|when was {document} written|On which day was {document} issued?|When was the article about {thing} published?|date of {document}?
when was {document} sent?|When was the story on {thing} printed?|What day was {document} released?|from when is {document}|is there a date on {document}
When did the paper publish its piece on {thing}?|what year is {document} from?
""",
    "about:publisher": """
who published {document}?|Which outlet printed {document}?|Where was {document} published?|Which newspaper is {document} from?|publisher of {document}
What is the source of {document}?|Which paper ran the story on {thing}?|In which journal did {document} appear?|which organisation issued {document}?
where does {document} come from|Which magazine carried the article about {thing}?
""",
    "about:count": """
how many documents are there?|How many files do you have?|How many articles are in this collection?|number of documents|count the documents
How many sources have been uploaded?|how many pdfs did I upload?|How large is the collection?|How many reports do you know?|how many documents can you search
Of how many documents do you know?|How many emails are in here?
""",
    "about:list": """
which documents do you have?|list all documents|What files are in here?|Show me the documents.|What have I uploaded?|what sources do you know
Which articles are in the collection?|give me a list of the files|What documents can I ask about?|which reports are there?|show all sources
What is in this collection?|what do you have on file
""",
    "about:newest": """
which document is the newest?|What is the latest document?|most recent file?|Which article was published last?|newest source|What came in last?
Which report is the most recent one?|show me the latest article|What is the most recent publication?
""",
    "about:oldest": """
which document is the oldest?|What is the earliest document?|oldest file?|Which article was published first?|the first source by date|What is the oldest report?
Which of the documents is the oldest one?|show me the earliest article
""",
    "summary": """
summarise {document}|Give me a summary of {document}.|What is {document} about?|what does {document} say|Summarize {document} in a few sentences.|tl;dr of {document}
What are the main points of {document}?|key points of {document}|Give a short overview of {document}|What is the gist of {document}?|Sum up {document}
What are the key findings of {document}?|can you summarise {document} please|brief me on {document}|What does {document} cover?|outline {document}
What is this about?|Give me an overview of {thing}.|What do the documents say about {thing}?|Summarise what is known about {thing}.|the most important things in {document}
What are the takeaways from {document}?|what's in {document}|In short, what happened with {thing}?|What does the author of {document} argue?
What are {document} about?|tell me what {document} says|what's {document} about|What is in {document}?|What is said in {document}?|Summary of all documents, please.
Give me a summary of everything.|What do I need to know about {document}?|What is the essence of {document}?|sum up all the files|Give the main points of the documents.
What changes in {document}?|recap {document}|Which topics does {document} deal with?|What should I know about {document}?|Describe the contents of {document}
""",
    "table": """
What was the {column} of {row}?|{column} of {row}|what is the {column} for {row} in the table?|how much is the {column} in {row}|What {column} does {row} have?
In the table, what is the {column} of {row}?|{row} {column}?|{column} {row}|which {column} is given for {row}|{row}: what {column}?
""",
    "table:largest": """
Which row has the highest {column}?|Which has the largest {column}?|Which entry has the largest {column}?|the most expensive {thing1}?|What is the highest {column}?
Which {thing1} is the longest?|which {thing1} has the most {thing2}|the biggest {thing1} by {column}|Who has the highest {column}?|Which {thing1} costs the most?
maximum {column}?|In which month was the {column} highest?|Which of the {things1} weighs most?|the strongest {thing1}|Which {thing1} sold best?|top {thing1} by {column}
Which {thing1} had the greatest {column}?|which one is the dearest|What was our largest single {thing1}?|Which {thing1} is the newest?|Which team came first?
Who earned the most?|what's the tallest {thing1}|Which {thing1} lasts longest?|heaviest {thing1}?|Which {thing1} was used most often?
""",
    "table:smallest": """
Which has the lowest {column}?|Which row has the smallest {column}?|the cheapest {thing1}?|What is the lowest {column}?|Which {thing1} is the shortest?
which {thing1} has the fewest {thing2}|the smallest {thing1} by {column}|Who has the lowest {column}?|Which {thing1} costs the least?|minimum {column}?
In which month was the {column} lowest?|Which of the {things1} weighs least?|the lightest {thing1}|Which {thing1} is the oldest?|Which {thing1} has the least {column}?
which one is the cheapest|where is it cheapest to stay|What was our smallest {thing1}?|Which {thing1} is quickest?|Who paid the least?
""",
    "table:sum": """
What is the total {column}?|sum of the {column} column|What do all the {things1} cost together?|total {column} of all {things1}|How much is the {column} in all?
Add up the {column} of {row} and {row2}.|What was the overall {column} in the first half?|what do we pay altogether for the {things1}|combined {column} of the {things1}
How much {column} did {row} make in total?|the sum of all {things1}|What does it come to in total?|net {column} of {row} over the whole period
""",
    "table:mean": """
What is the average {column}?|average {column} of the {things1}|mean {column}?|What is the mean {column} per {thing1}?|On average, how high was the {column}?
how much is the {column} on average|What was the average {column} in {row}?|typical {column} per {thing1}, on average
""",
    "list": """
list all {thing2}|Which {thing2} are there?|Name the {thing2}.|What are the {thing2}?|Who are the {thing2}?|give me all {thing2}|which {thing2} are mentioned?
Which {thing2} belong to {thing}?|What {thing2} does {thing} have?|show every {thing2}|Enumerate the {thing2} for {thing}.|Who took part in {thing}?
Which people were involved in {thing}?|all the {thing2} please|What are the reasons for {thing}?|What comes with {thing}?|What are the conditions of {thing}?
Who was present at the meeting on {thing}?|What steps belong to {thing}?|Which countries took part in {thing}?|tell me all the {thing2} of {thing}
What is included in {thing}?|What is excluded from {thing}?|what do I have to bring to {thing}|Which {thing2} did {row} name?|What tasks does the treasurer have?
What {thing2} were agreed for {thing}?|Who must not use {thing}?|What changes with {thing}?|Which parts are not covered by {thing}?|What do new members get?
what needs to be done before {thing}|Which damages are claimed for {thing}?|What did the reviewers criticise about {thing}?|Who is on the committee?|Who sits on the board?
Which documents must I show for {thing}?|When are the next {thing2}?|Which systems does {thing} run on?|What can we expect from {thing}?|Which of the {thing2} are free?
What did they decide about {thing}?|What are the open points on {thing}?|which {thing2} should be told about {thing}|Where can I get {thing}?|What does {thing} consist of?
What belongs to the scope of {thing}?|what shouldn't I forget for {thing}|Which {thing2} have changed?|What is needed for {thing}?|which rules apply to {thing}
""",
    "count": """
how many {thing2} are there?|How many {thing2} does {thing} have?|number of {thing2}|What is the number of {thing2}?|how many {thing2} were there at {thing}
Count the {thing2} of {thing}.|In how many {thing2} is {thing} named?|how many {thing2} in total|How many of the {thing2} belong to {thing}?
how many different {thing2} does {document} name?|How many {thing2} came out of {thing}?|On how many days is {thing} closed?|How many {things1} did {row} place?|how many {things1} have been added
""",
    "compare": """
compare {thing} and {thing3}|What is the difference between {thing} and {thing3}?|How does {thing} compare with {thing3}?|{thing} vs {thing3}|Which is better, {thing} or {thing3}?
Is {thing} more expensive than {thing3}?|How do {thing} and {thing3} differ?|What has changed between {document} and {document2}?|{thing} versus {thing3}: what differs?
Compare the {column} of {row} and {row2}.|Which costs more, {row} or {row2}?|Which takes longer, {thing} or {thing3}?|differences between {document} and {document2}
""",
    "definition": """
what does {term} mean?|define {term}|What is meant by {term}?|What counts as {term}?|definition of {term}|What is {term}?|how is {term} defined?
What does the word {term} stand for?|explain the term {term}|what exactly is {term}|In the contract, what is {term}?|meaning of {term}|What do they mean by {term}?
""",
    "howto": """
how do I {do}?|how to {do}|What do I have to do to {do}?|steps to {do}|Explain how to {do}.|What is the procedure to {do}?|how can we {do}
What must be done before you {do}?|In which order do I {do}?|instructions: {do}
""",
    "why": """
why was {thing} delayed?|What is the reason for {thing}?|Why did they stop {thing}?|what caused the problem with {thing}|Why does {thing} cost more?|For what reason was {thing} changed?
why are there doubts about {thing}?|What led to {thing}?
""",
    "fact": """
When does {thing} start?|Who leads {thing}?|What did the minister say about {thing}?|Where is {thing}?|how much did {thing} cost|Who paid for {thing}?|What happened on 3 May?
What is the name of the head of {thing}?|Who is responsible for {thing}?|which company built {thing}|What did {document} say about the date of {thing}?|when did {thing} end
Which town is {thing} in?|What is the limit for {thing} in {document}?|Who said that {thing} failed?|What is the current state of {thing}?|who won|what is the deadline for {thing}
What did the board decide on {thing}?|What is the phone number of {row}?|By what date must {thing} be finished?|What was agreed on {thing}?|which day was {thing} signed
""",
    "yesno": """
Is {thing} finished?|Did the board approve {thing}?|can I cancel {thing}|Does {document} mention {thing}?|Was {thing} late?|do I need a permit for {thing}|Are there any exceptions for {thing}?
Is it true that {thing} was cancelled?|Has {thing} started?|may employees use {thing}
""",
    "chat": """
hello|hi there|good morning|thanks a lot|thank you!|who are you?|what can you do?|how are you?|bye|you are great|help|what is your name?|are you a robot?|ok thanks|hey
can you help me?|what can I ask you?|nice to meet you|good night|well done
""",
}  # fmt: skip
THINGS2 = (
    "members", "rooms", "suppliers", "directors", "products", "projects", "countries", "exceptions", "requirements", "authors", "risks", "fees", "deadlines",
    "participants", "models", "branches", "duties", "holidays", "side effects", "tools", "reasons", "steps", "recommendations", "towns", "employees",
)  # fmt: skip
THING1 = (
    "pump",
    "room",
    "flat",
    "supplier",
    "pond",
    "tariff",
    "order",
    "laptop",
    "hotel",
    "ship",
    "course",
    "machine",
    "machines",
    "branch",
    "bridge",
    "player",
    "cable",
)
THINGS1 = (
    "pumps",
    "rooms",
    "flats",
    "orders",
    "invoices",
    "ponds",
    "hotels",
    "repairs",
    "licences",
    "machines",
    "bookings",
    "items",
    "parts",
    "grants",
)
TERMS = (
    "a critical failure", "force majeure", "gross margin", "business day", "downtime", "the cooling-off period", "a serious adverse event", "net tonnage",
    "an active user", "a change request", "turbidity", "the notice period", "a qualifying event", "wear part", "confidential information",
)  # fmt: skip
DEEDS = (
    "reset the pump", "file an expense claim", "book a room", "restore a backup", "cancel the contract", "report an accident", "change the filter",
    "apply for leave", "upgrade to version 5", "clean the probe", "return a faulty part", "order spare parts", "register a visitor", "start the generator",
)  # fmt: skip
FILLED = 4
HELD_OUT = 5


def phrasings(*, held_out: bool, seed: int = 7) -> Iterator[tuple[str, str]]:
    """(question, label) of every pattern, filled in several ways; of every fifth pattern those that are held out."""
    rng = random.Random(seed)
    for label, patterns in PATTERNS.items():
        lines = [pattern for line in patterns.strip().splitlines() for pattern in line.split("|")]
        for number, pattern in enumerate(lines):
            filled = {_filled(pattern, rng) for _ in range(FILLED)}
            if (number % HELD_OUT == HELD_OUT - 1) == held_out:
                yield from ((text, label) for text in sorted(filled))


def _filled(pattern: str, rng: random.Random) -> str:
    for name, values in (
        ("term", TERMS),
        ("do", DEEDS),
        ("things1", THINGS1),
        ("thing1", THING1),
        ("thing2", THINGS2),
        ("thing3", THINGS),
        ("thing", THINGS),
        ("document2", DOCUMENTS),
        ("document", DOCUMENTS),
        ("column", COLUMNS),
        ("row2", ROWS),
        ("row", ROWS),
    ):
        pattern = pattern.replace(f"{{{name}}}", rng.choice(values))
    return pattern
