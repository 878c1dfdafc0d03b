"""English sentences of notes. Slots: {who} contact, {need}, {product}, {n} number, {m} number, {rival}, {day}."""

SITUATIONS: dict[str, tuple[str, ...]] = {
    "price": (
        "They say the price is {n}% above expectation.",
        "Asked for a better unit price, comparing with {rival}.",
        "{who} said no deal without a discount.",
        "Too expensive for {product}, they feel.",
        "Price pushback, wants {n}% off.",
    ),
    "competitor": (
        "{rival} has handed in an offer too.",
        "They will see a demo of {rival} on {day}.",
        "Asked for a comparison with {rival}.",
        "Somebody inside prefers {rival}.",
        "{rival} quoted {n}% lower.",
    ),
    "timing": (
        "Not this year, come back in {m} months.",
        "Their project is delayed, timeline slips.",
        "Asked us to call again after {day}.",
        "Not a priority right now.",
        "Wants to postpone to next quarter.",
    ),
    "budget": (
        "This year's budget is already spent.",
        "No budget approved yet, review in month {m}.",
        "Needs extra funding of {m} units.",
        "Talking to finance about budget.",
        "Budget was cut by {n}%.",
    ),
    "approval": (
        "Internal approval is stuck.",
        "Waiting for {who} to sign off.",
        "Approval takes {m} steps.",
        "Asked for a deck for the executives.",
        "Investment committee meets on {day}.",
    ),
    "legal": (
        "Legal is reviewing the contract.",
        "They want the data processing clause changed.",
        "Dispute on liability in clause {m}.",
        "Security review must finish first.",
        "{m} redlines in the NDA.",
    ),
    "contact_changed": (
        "Our contact has changed, now {who}.",
        "{who} left the company, need a new champion.",
        "Reorganisation, another department owns this now.",
        "Contact is on leave, {who} stands in.",
    ),
    "tender": (
        "It goes to public tender.",
        "Tender notice expected on {day}.",
        "Got an RFP of {m} pages, due {day}.",
        "Scoring is {n} points for technology, the rest price.",
    ),
    "silent": (
        "Attempt number {m}, no reply.",
        "No answer to mail or phone.",
        "Cannot reach {who}.",
        "Read the message, went quiet.",
        "Left a voicemail.",
    ),
}
CLEAR = (
    "Strong interest in {need}.",
    "They are reviewing {need} now.",
    "Thinking of {n} users.",
    "Questions on how {product} is set up.",
    "Good mood.",
    "The team reacts well.",
    "Will send material by {day}.",
    "Asked for {m} references.",
    "Agreed next steps.",
    "{who} will share it inside.",
)
ACTIONS: dict[str, tuple[str, ...]] = {
    "call": ("Call with {who}, {n} min.", "Called.", "Phoned {who}.", "Check-in call."),
    "mail": ("Mailed {who}.", "Sent material by mail.", "Follow-up mail.", "Sent introduction to {need}."),
    "chat": ("Messaged {who} on chat.", "Short chat about the schedule.", "Sent a link by chat."),
    "meeting": ("Video meeting with {who}.", "Meeting, {m} people.", "Requirements meeting.", "Meeting on {need}."),
    "visit": ("Visited {who} at the office.", "On-site visit for {need}.", "Plant visit, met {m} people."),
    "demo": ("Demo of {product}, {m} attended.", "Gave a product demo.", "Demo with a {need} scenario."),
    "send_quote": ("Sent quote for {product}.", "Sent revised quote, version {m}.", "Quote for {n} seats delivered."),
    "support_internal_approval": (
        "Wrote an internal business case for them.",
        "Gave ROI material for their approval.",
        "Helped draft the approval memo.",
    ),
    "involve_decision_maker": (
        "Executive meeting with {who}.",
        "Got the decision maker into the room.",
        "Arranged a briefing for the VP.",
    ),
    "answer_objection": (
        "Answered their concerns.",
        "Went through {m} objections.",
        "Explained cost against benefit again.",
    ),
    "second_contact": (
        "Reached out to another contact, {who}.",
        "Introduced to {who}, first call.",
        "Opened a second line with {who}.",
    ),
}
REPLIES = ("Hi, ", "Thanks for the material. ", "This is {who}. ", "Quick question. ", "")
REPLIES_CLEAR = (
    "Could you send more on {need}?",
    "{day} works for a meeting.",
    "Please send a quote for {product}.",
    "We will discuss and come back.",
    "Assume {n} users.",
    "{m} of us would like a demo.",
)
NEXT = (
    " Next touch {day}.",
    " Call again {day}.",
    " Follow up.",
    "",
    "",
    " Shared with my manager.",
    " Prepare more material.",
)
DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "next week",
    "the weekend",
    "month end",
    "the 15th",
    "early next month",
    "the 20th",
    "quarter end",
)
NOTES = ("Internal note: {need}, about {n} seats. ", "Minutes. ", "Contact is thorough. ", "")
